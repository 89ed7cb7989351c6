#include <fmt/format.h>

#include <algorithm>

#include "host/exchange/item_lines.hpp"
#include "host/exchange/parquet.hpp"
#include "host/exchange/parquet_file.hpp"
#include "host/exchange/partial_path.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

// Of Milvus.
constexpr int64_t kFewestNumbers = 2, kMostNumbers = 32768;
constexpr size_t kLongestId = 65535, kLargestMeta = 65536;

const char* metric_of(const IndexSpace& space) {
  switch (space.distance.kind) {
    case Distance::cosine:
      return "COSINE";
    case Distance::dot:
      return "IP";
    case Distance::euclidean:
    case Distance::squared_euclidean:
      return "L2";
    default:
      throw Error(fmt::format(
          "Milvus cannot compare by the distance {}; it knows cosine, dot, euclidean and squared_euclidean",
          distance_title(space.distance)));
  }
}

class MilvusSink final : public ItemSink {
 public:
  MilvusSink(const ExchangeRequest& request, const ExchangeHead& head, const ParquetLayout& layout)
      : place_(request.place),
        collection_(request.name),
        metric_(metric_of(head.space)),
        dimension_(layout.dimension),
        file_(place_),
        writer_(parquet_library().write(file_.path(), layout)) {}

  void append(const ExchangeBatch& batch) override {
    std::vector<json> lines;
    for (const auto& item : batch.items) {
      auto known = item_json(item);
      known.erase("id");
      const auto id = shown(item.id);
      const auto meta = json_text(known);
      longest_id_ = std::max(longest_id_, id.size());
      if (id.size() > kLongestId || meta.size() > kLargestMeta) {
        throw Error(
            fmt::format("Milvus takes ids of at most {} bytes and {} bytes of what else is known of an "
                        "item, and the item {} has {} and {}; remove it from the index",
                        kLongestId, kLargestMeta, id.substr(0, 80), id.size(), meta.size()));
      }
      lines.push_back({{"id", id}, {"$meta", meta}});
    }
    writer_->append(lines, batch.rows.data_ptr<float>());
  }

  Exported finish() override {
    writer_->finish();
    file_.finish();
    return {
        {place_},
        fmt::format("import it into a collection \"{}\" with dynamic fields, the primary key id VARCHAR({}), "
                    "vector FLOAT_VECTOR({}) and the metric {}",
                    collection_, std::min(kLongestId, (longest_id_ / 64 + 1) * 64), dimension_, metric_)};
  }

 private:
  const std::string place_, collection_, metric_;
  const int64_t dimension_;
  PartialPath file_;
  const std::unique_ptr<ParquetWriter> writer_;
  size_t longest_id_ = 0;
};

void check_items(const ExchangeHead& head) {
  metric_of(head.space);
  if (head.space.dimension < kFewestNumbers || head.space.dimension > kMostNumbers) {
    throw Error(fmt::format("Milvus takes rows of {} to {} numbers, and these have {}; take another store",
                            kFewestNumbers, kMostNumbers, head.space.dimension));
  }
  for (const auto& column : head.columns) {
    if (column.name == "vector" || column.name == "$meta") {
      throw Error(
          fmt::format("the items have a column \"{}\", and the collection has a field of that name; "
                      "take another store, or build the index without it",
                      column.name));
    }
  }
}

}  // namespace

std::unique_ptr<ItemSink> milvus_sink(const ExchangeRequest& request, const ExchangeHead& head) {
  Schema<NoParams>::get().parse(json_text(request.params));
  check_items(head);
  check_new_files({request.place}, ".parquet");
  ParquetLayout layout;
  layout.columns = {{"id", ColumnKind::text}, {"$meta", ColumnKind::text}};
  layout.vector = "vector";
  layout.dimension = head.space.dimension;
  layout.has_fixed_size = false;
  return std::make_unique<MilvusSink>(request, head, layout);
}

}  // namespace kindred::host
