#include "kindred/index.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kindred/error.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/plugin.hpp"

namespace {

/// Divides the rows into cells around some of them, and looks at the cells that are nearest to a query.
class MyIndex final : public kindred::Index {
 public:
  struct Params {
    int64_t probes = 8;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("probes", &Params::probes).doc("Cells that are looked at.").minimum(1);
    }
  };
  explicit MyIndex(const Params& params) : params_(params) {}

  bool is_exact() const override { return false; }

  void build(std::shared_ptr<const kindred::StoredRows> rows, kindred::Distance distance) override {
    take(std::move(rows), distance);
    cells_ = at::empty({rows_->size()}, at::kLong);
    constexpr int64_t kTile = 4096;
    for (int64_t begin = 0; begin < rows_->size(); begin += kTile) {
      const auto end = std::min(begin + kTile, rows_->size());
      cells_.slice(0, begin, end)
          .copy_(
              kindred::distance_matrix(distance, rows_->rows(begin, end).to(at::kFloat), centres_).argmin(1));
    }
  }

  // shown in the tutorial:
  void save(const std::string& folder) const override {
    kindred::write_npy(folder + "/centres.npy", centres_);
    kindred::write_npy(folder + "/cells.npy", cells_);
  }

  void load(const std::string& folder, std::shared_ptr<const kindred::StoredRows> rows,
            kindred::Distance distance) override {
    const auto centres_file = folder + "/centres.npy", cells_file = folder + "/cells.npy";
    const auto centres = kindred::map_npy(centres_file), cells = kindred::map_npy(cells_file);
    if (centres.scalar_type() != at::kFloat || centres.dim() != 2 || centres.size(1) != rows->dimension())
      throw kindred::Error(centres_file + " has no centres for these rows; build the index again");
    if (cells.scalar_type() != at::kLong || cells.dim() != 1 || cells.size(0) != rows->size())
      throw kindred::Error(cells_file + " has not one cell for each row; build the index again");
    if (cells.lt(0).logical_or(cells.ge(centres.size(0))).any().item<bool>())
      throw kindred::Error(cells_file + " names cells that are not there; build the index again");
    rows_ = std::move(rows);
    distance_ = distance;
    centres_ = centres;
    cells_ = cells;
  }
  // end

  kindred::Neighbours search(const at::Tensor& queries, const kindred::IndexSearch& request) const override {
    const auto nearest = std::get<1>(kindred::distance_matrix(distance_, queries, centres_).sort(1));
    auto rows = at::full({queries.size(0), request.k}, -1, at::kLong);
    auto distances = at::full({queries.size(0), request.k}, std::numeric_limits<float>::infinity());
    for (int64_t i = 0; i < queries.size(0); ++i) {
      const auto numbers = looked_at(nearest[i], request);
      const auto among = rows_->rows(0, rows_->size()).index_select(0, numbers).to(at::kFloat);
      const auto all = kindred::distance_matrix(distance_, queries.slice(0, i, i + 1), among)[0];
      const auto [sorted, order] = all.sort(true, 0, false);
      const auto there = std::min(request.k, numbers.size(0));
      rows[i].slice(0, 0, there).copy_(numbers.index_select(0, order.slice(0, 0, there)));
      distances[i].slice(0, 0, there).copy_(sorted.slice(0, 0, there));
    }
    return {rows, distances};
  }

  int64_t memory_bytes() const override {
    return static_cast<int64_t>(cells_.nbytes()) + static_cast<int64_t>(centres_.nbytes());
  }

 private:
  // shown in the tutorial:
  /// The candidates of the nearest cells, and of more cells where those have fewer than k.
  at::Tensor looked_at(const at::Tensor& nearest_cells, const kindred::IndexSearch& request) const {
    for (int64_t probes = params_.probes;; probes *= 2) {
      auto chosen = at::isin(cells_, nearest_cells.slice(0, 0, probes));
      if (request.candidates.defined()) chosen = chosen.logical_and(request.candidates);
      const auto rows = chosen.nonzero().select(1, 0);
      if (rows.size(0) >= request.k || probes >= nearest_cells.size(0)) return rows;
    }
  }
  // end

  /// Some of the rows are the centres of cells.
  void take(std::shared_ptr<const kindred::StoredRows> rows, kindred::Distance distance) {
    rows_ = std::move(rows);
    distance_ = distance;
    const auto count = rows_->size();
    const auto cells = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
    const auto chosen = at::arange(0, count, std::max<int64_t>(1, count / cells), at::kLong);
    centres_ = rows_->rows(0, count).index_select(0, chosen).to(at::kFloat);
  }

  Params params_;
  std::shared_ptr<const kindred::StoredRows> rows_;
  kindred::Distance distance_ = kindred::Distance::cosine;
  at::Tensor centres_;  ///< float32 (C, D)
  at::Tensor cells_;    ///< int64 (N), the cell of each row
};

}  // namespace

KINDRED_COMPONENT(kindred::Index, MyIndex, "my.next_index", "0.1.0", "Looks at the nearest cells");
