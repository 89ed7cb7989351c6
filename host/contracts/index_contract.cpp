#include "kindred/index.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "host/contracts/contract.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// What an index finds is looked at in every answer, which is small beside the search.
class IndexContract final : public Contract<Index> {
 public:
  using Contract::Contract;

  bool is_exact() const override {
    return calls_.call("is_exact", [&] { return inner_->is_exact(); });
  }
  void build(std::shared_ptr<const StoredRows> rows, Distance distance) override {
    count_ = rows->size();
    about_files_or_rows("build", [&] { inner_->build(std::move(rows), distance); });
  }
  void save(const std::string& folder) const override {
    about_files_or_rows("save", [&] { inner_->save(folder); });
  }
  void load(const std::string& folder, std::shared_ptr<const StoredRows> rows, Distance distance) override {
    count_ = rows->size();
    about_files_or_rows("load", [&] { inner_->load(folder, std::move(rows), distance); });
  }
  Neighbours search(const at::Tensor& queries, const IndexSearch& request) const override {
    auto found = calls_.call("search", [&] { return inner_->search(queries, request); });
    check_shape(queries, request.k, found);
    check_rows(request, found);
    check_distances(found);
    return found;
  }
  int64_t memory_bytes() const override {
    const auto bytes = calls_.call("memory_bytes", [&] { return inner_->memory_bytes(); });
    if (bytes < 0) calls_.broke("memory_bytes", fmt::format("is {}", bytes));
    return bytes;
  }

 private:
  /// An Error says what is wrong with the files, the distance or the number of rows, and is not the plugin's.
  template <class Work>
  void about_files_or_rows(const char* phase, const Work& work) const {
    try {
      const auto running = calls_.running(phase);
      work();
    } catch (const Error&) {
      throw;
    } catch (...) {
      calls_.call(phase, [] { throw; });
    }
  }

  void check_shape(const at::Tensor& queries, int64_t k, const Neighbours& found) const {
    const std::vector<int64_t> shape = {queries.size(0), k};
    const auto is = [&](const at::Tensor& x, at::ScalarType dtype) {
      return x.defined() && x.is_cpu() && x.scalar_type() == dtype && x.sizes() == shape;
    };
    if (is(found.rows, at::kLong) && is(found.distances, at::kFloat)) return;
    calls_.broke("search", fmt::format("returned {} as rows and {} as distances; expected int64 and float32 "
                                       "({}, {}) on cpu",
                                       tensor_text(found.rows), tensor_text(found.distances), shape[0], k));
  }

  /// Every row that was found, next to the one behind it in the order of the numbers, or of what was found.
  static std::pair<at::Tensor, at::Tensor> neighbouring(const at::Tensor& x) {
    return {x.slice(1, 0, x.size(1) - 1), x.slice(1, 1)};
  }

  /// The first query for which `wrong`, bool (Q, k), holds anywhere, or -1.
  static int64_t query_of(const at::Tensor& wrong) {
    const auto places = wrong.any(1).nonzero();
    return places.size(0) == 0 ? -1 : places[0].item<int64_t>();
  }
  void refuse_where(const at::Tensor& wrong, const char* what) const {
    if (const auto query = query_of(wrong); query >= 0)
      calls_.broke("search", fmt::format("{} for query {}", what, query));
  }

  void check_rows(const IndexSearch& request, const Neighbours& found) const {
    const auto& rows = found.rows;
    const auto outside = rows.lt(-1).logical_or(rows.ge(count_));
    if (const auto query = query_of(outside); query >= 0) {
      calls_.broke("search", fmt::format("gave row {} of {} rows (0 to {}) for query {}",
                                         rows[query].masked_select(outside[query])[0].item<int64_t>(), count_,
                                         count_ - 1, query));
    }
    const auto [before, after] = neighbouring(rows);
    refuse_where(before.lt(0).logical_and(after.ge(0)), "gave row -1 before a row that it found");
    const auto sorted = std::get<0>(rows.sort(1));
    const auto [one, other] = neighbouring(sorted);
    refuse_where(one.eq(other).logical_and(one.ge(0)), "found a row twice");
    if (!request.candidates.defined()) return;
    const auto candidate = request.candidates.index_select(0, rows.clamp_min(0).reshape({-1})).view_as(rows);
    refuse_where(rows.ge(0).logical_and(candidate.logical_not()), "found a row that is no candidate");
  }

  void check_distances(const Neighbours& found) const {
    const auto& distances = found.distances;
    const auto none = found.rows.lt(0);
    refuse_where(at::where(none, distances.ne(std::numeric_limits<float>::infinity()),
                           distances.isfinite().logical_not()),
                 "gave a distance that is not finite, or a finite one to row -1,");
    const auto [near, far] = neighbouring(distances);
    refuse_where(near.gt(far), "did not give the nearest row first");
    const auto [before, after] = neighbouring(found.rows);
    refuse_where(near.eq(far).logical_and(after.ge(0)).logical_and(before.gt(after)),
                 "did not order rows at equal distances by their number");
  }

  int64_t count_ = 0;  ///< N
};

}  // namespace

std::shared_ptr<Index> under_contract(std::shared_ptr<Index> component, const ComponentInfo& info) {
  return std::make_shared<IndexContract>(std::move(component), info);
}

}  // namespace kindred::host
