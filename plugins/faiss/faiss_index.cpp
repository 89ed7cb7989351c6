#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <faiss/impl/FaissException.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "factory.hpp"
#include "file.hpp"
#include "filled.hpp"
#include "graph_search.hpp"
#include "kindred/error.hpp"
#include "kindred/exact_search.hpp"
#include "kindred/index.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

constexpr float kNone = std::numeric_limits<float>::infinity();
constexpr const char* kFile = "/index.faiss";

/// An index of FAISS. It keeps its own copy, or codes, of the rows.
///
/// FAISS filters in some types and versions and forgets it in others. So a search among candidates asks for
/// more neighbours, of which it keeps the candidates, and compares with every candidate where these are few
/// or too few of them were found.
class FaissIndex final : public Index {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"hnsw", "ivf", "IndexHNSWFlat", "IndexIVFPQ", "hnswlib"};
  struct Params {
    std::string factory = "HNSW32";
    int64_t ef_construction = 80;
    int64_t ef_search = 64;
    int64_t nprobe = 16;
    static void describe(Schema<Params>& schema) {
      schema.field("factory", &Params::factory)
          .doc("What to build, as FAISS writes it: HNSW32, IVF1024,Flat or OPQ64,IVF4096,PQ64.")
          .example("\"HNSW32\"");
      schema.field("ef_construction", &Params::ef_construction)
          .doc("Of HNSW: how many neighbours a row is compared with when it is added; more find better ones.")
          .range(1, 10000);
      schema.field("ef_search", &Params::ef_search)
          .doc("Of HNSW: how many rows a search keeps in view; more find more of the nearest.")
          .range(1, 100000);
      schema.field("nprobe", &Params::nprobe)
          .doc("Of IVF: how many lists a search looks at; more find more of the nearest.")
          .range(1, 1e6);
    }
  };
  explicit FaissIndex(const Params& params)
      : factory_(params.factory), widths_{params.ef_construction, params.ef_search, params.nprobe} {}

  bool is_exact() const override { return false; }

  void build(std::shared_ptr<const StoredRows> rows, Distance distance) override {
    take(std::move(rows), distance);
    index_ = make_faiss_index(factory_, rows_->dimension(), inner_product_);
    set_widths(*index_, widths_);
    in_faiss("build", [&] {
      train();
      add();
    });
    memory_ = faiss_bytes(*index_);
    walk_ = GraphSearch::of(*index_);
  }

  void save(const std::string& folder) const override { write_faiss_file(*index_, folder + kFile); }

  void load(const std::string& folder, std::shared_ptr<const StoredRows> rows, Distance distance) override {
    take(std::move(rows), distance);
    index_ = read_faiss_file(folder + kFile, {rows_->size(), rows_->dimension(), inner_product_});
    use_quick_rows(*index_);
    set_widths(*index_, widths_);
    memory_ = faiss_bytes(*index_);
    walk_ = GraphSearch::of(*index_);
  }

  Neighbours search(const at::Tensor& queries, const IndexSearch& request) const override {
    const auto count = rows_->size();
    auto candidates = count, width = request.k;
    if (request.candidates.defined()) {
      candidates = request.candidates.sum().item<int64_t>();
      width = width_for(request.k, candidates);
      if (candidates <= kFew || width > std::max(request.k, kWidest))
        return exact_search(*rows_, distance_, queries, request);
    }
    auto found = nearest(queries, std::min(width, count), request);
    const auto wanted = std::min(request.k, candidates);
    // What is missing stands behind what was found.
    const auto lacking = found.rows.select(1, wanted - 1).lt(0).nonzero().select(1, 0);
    if (lacking.numel() > 0) {
      const auto exact = exact_search(*rows_, distance_, queries.index_select(0, lacking), request);
      found.rows.index_copy_(0, lacking, exact.rows);
      found.distances.index_copy_(0, lacking, exact.distances);
    }
    return found;
  }

  int64_t memory_bytes() const override { return memory_; }

 private:
  static constexpr int64_t kFew = 1000;      ///< candidates that are quickly compared
  static constexpr int64_t kWidest = 2048;   ///< neighbours that are asked for on behalf of a filter
  static constexpr int64_t kTile = 1 << 16;  ///< rows that are float32 at a time
  static constexpr int64_t kTrainingBytes = int64_t{1} << 30;

  void take(std::shared_ptr<const StoredRows> rows, Distance distance) {
    switch (distance.kind) {
      case Distance::cosine:  // of rows of length 1
      case Distance::dot:
        inner_product_ = true;
        break;
      case Distance::euclidean:
      case Distance::squared_euclidean:
        inner_product_ = false;
        break;
      default:
        throw Error(
            filled("FAISS does not search by the distance {}; take cosine, dot, euclidean, "
                   "squared_euclidean, or the index kindred.flat",
                   name_of(distance)));
    }
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max() - 1;
    if (rows->size() > kMost || rows->dimension() > (1 << 16))
      throw Error(filled("{} rows of {} numbers are too many for FAISS; it takes {} of {}", rows->size(),
                         rows->dimension(), kMost, 1 << 16));
    rows_ = std::move(rows);
    distance_ = distance;
  }

  static std::string name_of(Distance distance) {
    for (const auto& name : distance_names()) {
      if (distance_from_name(name).kind == distance.kind) return name;
    }
    return "lp";
  }

  /// What FAISS throws says which of its lines failed; and it takes as many threads as LibTorch does.
  template <class Work>
  void in_faiss(const char* what, const Work& work) const {
    omp_set_num_threads(at::get_num_threads());
    try {
      work();
    } catch (const faiss::FaissException& error) {
      throw Error(filled("FAISS could not {} \"{}\": {}", what, factory_, error.what()));
    }
  }

  at::Tensor as_float(int64_t begin, int64_t end) const {
    return rows_->rows(begin, end).to(at::kFloat).contiguous();
  }

  /// Learns from rows that lie evenly among all; FAISS takes fewer of them where those suffice.
  void train() {
    if (index_->is_trained) return;
    const auto count = rows_->size(), needed = rows_needed(*index_);
    if (count < needed) {
      throw Error(
          filled("\"{}\" of FAISS learns from at least {} rows, and there are {}; take a smaller one, "
                 "or HNSW32, which learns nothing",
                 factory_, needed, count));
    }
    const auto row_bytes = rows_->dimension() * static_cast<int64_t>(sizeof(float));
    const auto most = std::max(needed, kTrainingBytes / row_bytes);
    const auto step = (count + most - 1) / most;
    const auto sample = at::empty({(count + step - 1) / step, rows_->dimension()});
    for (int64_t begin = 0, at = 0; begin < count; begin += kTile * step) {
      const auto end = std::min(begin + kTile * step, count);
      const auto part = rows_->rows(begin, end).slice(0, 0, end - begin, step);
      sample.slice(0, at, at + part.size(0)).copy_(part);
      at += part.size(0);
    }
    index_->train(sample.size(0), sample.data_ptr<float>());
  }

  void add() {
    for (int64_t begin = 0; begin < rows_->size(); begin += kTile) {
      const auto tile = as_float(begin, std::min(begin + kTile, rows_->size()));
      index_->add(tile.size(0), tile.data_ptr<float>());
    }
  }

  /// How many neighbours to ask for, so that about 1.3 k of them are candidates.
  int64_t width_for(int64_t k, int64_t candidates) const {
    const double share =
        static_cast<double>(std::max<int64_t>(candidates, 1)) / static_cast<double>(rows_->size());
    constexpr double kMore = 1.3;
    constexpr int64_t kAtLeastMore = 8;
    return k + kAtLeastMore + static_cast<int64_t>(kMore * static_cast<double>(k) / share);
  }

  /// What FAISS finds among its `width` nearest, ordered as Neighbours says.
  Neighbours nearest(const at::Tensor& queries, int64_t width, const IndexSearch& request) const {
    const auto count = queries.size(0);
    std::vector<int64_t> rows(static_cast<size_t>(count * width));
    std::vector<float> measured(rows.size());
    if (walk_ != nullptr) {
      walk_->search(count, queries.data_ptr<float>(), width, measured.data(), rows.data());
    } else {
      in_faiss("search", [&] {
        index_->search(count, queries.data_ptr<float>(), width, measured.data(), rows.data());
      });
    }
    Neighbours out{at::full({count, request.k}, -1, at::kLong),
                   at::full({count, request.k}, kNone, at::kFloat)};
    const bool* candidates = request.candidates.defined() ? request.candidates.data_ptr<bool>() : nullptr;
    std::vector<std::pair<float, int64_t>> found;
    for (int64_t query = 0; query < count; ++query) {
      found.clear();
      for (auto i = static_cast<size_t>(query * width); i < static_cast<size_t>((query + 1) * width); ++i) {
        if (rows[i] < 0 || rows[i] >= rows_->size() || !std::isfinite(measured[i])) continue;
        if (candidates == nullptr || candidates[rows[i]])
          found.emplace_back(as_distance(measured[i]), rows[i]);
      }
      std::sort(found.begin(), found.end());
      const auto kept = std::min(request.k, static_cast<int64_t>(found.size()));
      for (int64_t n = 0; n < kept; ++n) {
        out.distances.data_ptr<float>()[query * request.k + n] = found[static_cast<size_t>(n)].first;
        out.rows.data_ptr<int64_t>()[query * request.k + n] = found[static_cast<size_t>(n)].second;
      }
    }
    return out;
  }

  /// Of what FAISS measures: inner products, or squared lengths.
  float as_distance(float measured) const {
    switch (distance_.kind) {
      case Distance::cosine:
        return 1 - measured;
      case Distance::dot:
        return -measured;
      case Distance::euclidean:
        return std::sqrt(std::max(measured, 0.0F));
      default:
        return std::max(measured, 0.0F);
    }
  }

  std::string factory_;
  FaissWidths widths_;
  std::shared_ptr<const StoredRows> rows_;
  Distance distance_ = Distance::cosine;
  bool inner_product_ = true;
  std::unique_ptr<faiss::Index> index_;
  std::unique_ptr<GraphSearch> walk_;  ///< null: FAISS searches by itself
  int64_t memory_ = 0;
};

}  // namespace
KINDRED_COMPONENT(Index, FaissIndex, "kindred.faiss", "1.0.0", "HNSW, IVF and compressed rows, by FAISS");
}  // namespace kindred
