#include "host/exchange/hnswlib.hpp"

#ifdef KINDRED_HAS_HNSWLIB
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <hnswlib/hnswlib.h>

#include <filesystem>

#include "host/exchange/items_beside.hpp"
#include "host/exchange/partial_path.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"
#endif
#include "kindred/error.hpp"

namespace kindred::host {

#ifdef KINDRED_HAS_HNSWLIB
namespace {

struct HnswParams {
  int64_t links = 16, ef_construction = 200;
  static void describe(Schema<HnswParams>& schema) {
    schema.field("M", &HnswParams::links).doc("Links of a row in the graph.").range(2, 1000);
    schema.field("ef_construction", &HnswParams::ef_construction)
        .doc("Rows that are looked at to find the links of one.")
        .range(2, 100000);
  }
};

std::unique_ptr<hnswlib::SpaceInterface<float>> hnsw_space(const IndexSpace& space) {
  const auto dimension = static_cast<size_t>(space.dimension);
  switch (space.distance.kind) {
    case Distance::cosine:  // of rows that have length 1
    case Distance::dot:
      return std::make_unique<hnswlib::InnerProductSpace>(dimension);
    case Distance::euclidean:
    case Distance::squared_euclidean:
      return std::make_unique<hnswlib::L2Space>(dimension);
    default:
      throw Error(fmt::format(
          "hnswlib cannot compare by the distance {}; it knows cosine, dot, euclidean and squared_euclidean",
          distance_title(space.distance)));
  }
}

const char* name_of_space(Distance distance) {
  if (distance.kind == Distance::cosine) return "cosine";
  return distance.kind == Distance::dot ? "ip" : "l2";
}

class HnswSink final : public ItemSink {
 public:
  HnswSink(const std::string& file, const HnswParams& params, const ExchangeHead& head,
           const Context& context)
      : context_(context),
        space_(hnsw_space(head.space)),
        graph_(space_.get(), static_cast<size_t>(head.items), static_cast<size_t>(params.links),
               static_cast<size_t>(params.ef_construction)),
        items_(file, head),
        file_(file),
        python_(fmt::format("hnswlib.Index(space=\"{}\", dim={}).load_index(\"{}\")",
                            name_of_space(head.space.distance), head.space.dimension, file)) {}

  void append(const ExchangeBatch& batch) override {
    const auto* rows = batch.rows.data_ptr<float>();
    const auto dimension = batch.rows.size(1);
    const auto add = [&](int64_t begin, int64_t end) {
      for (auto row = begin; row < end && !context_.interrupted(); ++row)
        graph_.addPoint(rows + row * dimension, static_cast<size_t>(done_ + row));
    };
    // The first row is where all others enter the graph.
    const int64_t first = done_ == 0 ? 1 : 0;
    add(0, first);
    at::parallel_for(first, batch.rows.size(0), 16, add);
    items_.append(batch);
    done_ += batch.rows.size(0);
  }

  Exported finish() override {
    graph_.saveIndex(file_.path());
    // hnswlib does not say when a disk is full.
    std::error_code ignored;
    if (std::filesystem::file_size(file_.path(), ignored) != file_bytes())
      throw Error(file_.path() + " could not be written to its end; make room and try again");
    auto exported = items_.finish();
    file_.finish();
    exported.advice = "in Python: " + python_;
    return exported;
  }

 private:
  size_t file_bytes() const {
    constexpr size_t kHeader = 96;
    size_t bytes = kHeader + static_cast<size_t>(done_) * graph_.size_data_per_element_;
    for (int64_t row = 0; row < done_; ++row) {
      const auto levels = static_cast<size_t>(graph_.element_levels_[static_cast<size_t>(row)]);
      bytes += sizeof(unsigned int) + levels * graph_.size_links_per_element_;
    }
    return bytes;
  }

  const Context& context_;
  const std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
  hnswlib::HierarchicalNSW<float> graph_;
  ItemsBesideSink items_;
  PartialPath file_;
  const std::string python_;
  int64_t done_ = 0;
};

}  // namespace

std::string hnswlib_missing() { return ""; }

std::unique_ptr<ItemSink> hnswlib_sink(const ExchangeRequest& request, const ExchangeHead& head) {
  const auto params = Schema<HnswParams>::get().parse(json_text(request.params));
  const auto& file = request.place;
  check_new_files({file, beside(file, ".jsonl"), beside(file, ".json")}, ".bin");
  return std::make_unique<HnswSink>(file, params, head, *request.context);
}
#else
std::string hnswlib_missing() {
  return "this build has no hnswlib: install its headers (Debian: libhnswlib-dev) and build Kindred again";
}

std::unique_ptr<ItemSink> hnswlib_sink(const ExchangeRequest&, const ExchangeHead&) {
  throw Error(hnswlib_missing());
}
#endif

}  // namespace kindred::host
