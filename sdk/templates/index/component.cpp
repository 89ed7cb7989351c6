#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "kindred/index.hpp"
#include "kindred/plugin.hpp"

namespace {

/// Compares a query with every row, one tile of rows after the other.
class KINDRED_CLASS final : public kindred::Index {
 public:
  struct Params {
    int64_t tile = 4096;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("tile", &Params::tile).doc("Rows that are looked at together.").range(1, 1e6);
    }
  };
  explicit KINDRED_CLASS(const Params& params) : params_(params) {}

  bool is_exact() const override { return true; }

  void build(std::shared_ptr<const kindred::StoredRows> rows, kindred::Distance distance) override {
    rows_ = std::move(rows);
    distance_ = distance;
  }

  /// The rows say everything, so there is nothing to write.
  void save(const std::string&) const override {}
  void load(const std::string&, std::shared_ptr<const kindred::StoredRows> rows,
            kindred::Distance distance) override {
    build(std::move(rows), distance);
  }

  /// queries float32 (Q, D) -> rows and distances (Q, k). Called by several threads at once.
  kindred::Neighbours search(const at::Tensor& queries, const kindred::IndexSearch& request) const override {
    constexpr auto kNone = std::numeric_limits<float>::infinity();
    auto rows = at::full({queries.size(0), request.k}, -1, at::kLong);
    auto distances = at::full({queries.size(0), request.k}, kNone);
    for (int64_t begin = 0; begin < rows_->size(); begin += params_.tile) {
      const auto end = std::min(begin + params_.tile, rows_->size());
      auto tile = kindred::distance_matrix(distance_, queries, rows_->rows(begin, end).to(at::kFloat));
      auto numbers = at::arange(begin, end, at::kLong).expand_as(tile);
      if (request.candidates.defined()) {
        const auto others = request.candidates.slice(0, begin, end).logical_not();
        tile = tile.masked_fill(others, kNone);
        numbers = numbers.masked_fill(others, -1);
      }
      // Stable: of equal distances the row with the lower number comes first.
      const auto [sorted, order] = at::cat({distances, tile}, 1).sort(true, 1, false);
      distances = sorted.slice(1, 0, request.k).contiguous();
      rows = at::cat({rows, numbers}, 1).gather(1, order.slice(1, 0, request.k));
    }
    return {rows, distances};
  }

  int64_t memory_bytes() const override { return 0; }

 private:
  Params params_;
  std::shared_ptr<const kindred::StoredRows> rows_;
  kindred::Distance distance_ = kindred::Distance::cosine;
};

}  // namespace

KINDRED_COMPONENT(kindred::Index, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Compares with every row");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "An index: KINDRED_NAME");
