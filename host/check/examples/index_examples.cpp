#include "host/check/examples/index_examples.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace kindred::host {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// What float32 and float16 rows leave of a distance near 1.
constexpr double kRounding = 1e-4;

at::Tensor unit(const at::Tensor& x) { return x / x.norm(2, {1}, true); }

}  // namespace

HeldRows::HeldRows(at::Tensor rows) : rows_(std::move(rows)) {}
int64_t HeldRows::size() const { return rows_.size(0); }
int64_t HeldRows::dimension() const { return rows_.size(1); }
at::Tensor HeldRows::rows(int64_t begin, int64_t end) const { return rows_.slice(0, begin, end); }

IndexExample index_example(int64_t count, int64_t queries, Distance distance, bool half) {
  constexpr int64_t kRowsOfACentre = 40;
  constexpr double kSpread = 0.3;
  at::manual_seed(7);
  const auto centres = at::randn({1 + count / kRowsOfACentre, Subject::kDimension});
  const auto near = [&](int64_t number) {
    const auto which = at::arange(number, at::kLong).remainder(centres.size(0));
    auto x = centres.index_select(0, which) + kSpread * at::randn({number, Subject::kDimension});
    return distance.kind == Distance::cosine ? unit(x) : x;
  };
  auto rows = near(count);
  if (half) rows = rows.to(at::kHalf);
  return {std::make_shared<HeldRows>(rows.contiguous()), near(queries).contiguous()};
}

at::Tensor true_distances(Distance distance, const at::Tensor& queries, const at::Tensor& rows) {
  const auto x = queries.to(at::kDouble).unsqueeze(1), y = rows.to(at::kDouble).unsqueeze(0);
  const auto dot = [&] { return (x * y).sum(-1); };
  switch (distance.kind) {
    case Distance::cosine:
      return 1 - dot() / (x.norm(2, -1) * y.norm(2, -1)).clamp_min(1e-300);
    case Distance::euclidean:
      return (x - y).norm(2, -1);
    case Distance::squared_euclidean:
      return (x - y).square().sum(-1);
    case Distance::manhattan:
      return (x - y).abs().sum(-1);
    case Distance::dot:
      return -dot();
    case Distance::snr:
      return (x - y).var(-1) / x.var(-1);
    case Distance::lp:
      return (x - y).norm(distance.p, -1);
  }
  return {};
}

at::Tensor true_distances(Distance distance, const IndexExample& of, const at::Tensor& candidates) {
  const auto distances = true_distances(distance, of.queries, of.rows->all());
  return candidates.defined() ? distances.masked_fill(candidates.logical_not(), kInfinity) : distances;
}

double recall(const Neighbours& found, const at::Tensor& distances, int64_t k) {
  const auto wanted = std::get<0>(distances.topk(std::min(k, distances.size(1)), 1, false, true));
  const auto wanted_count = wanted.isfinite().sum(1);
  const auto farthest = wanted.masked_fill(wanted.isfinite().logical_not(), -kInfinity).amax(1, true);
  const auto rows = found.rows.slice(1, 0, k);
  const auto reached = distances.gather(1, rows.clamp_min(0)).masked_fill(rows.lt(0), kInfinity);
  const auto right = reached.le(farthest + kRounding * farthest.abs().clamp_min(1)).sum(1);
  const auto all = wanted_count.sum().item<int64_t>();
  return all == 0 ? 1
                  : static_cast<double>(right.minimum(wanted_count).sum().item<int64_t>()) /
                        static_cast<double>(all);
}

std::shared_ptr<Index> built(const Subject& subject, const std::shared_ptr<const StoredRows>& rows,
                             Distance distance) {
  auto index = subject.make<Index>();
  index->build(rows, distance);
  return index;
}

std::vector<std::string> distances_of(const Subject& subject) {
  std::vector<std::string> taken;
  for (const auto& name : distance_names()) {
    const auto distance = distance_from_name(name);
    try {
      built(subject, index_example(400, 1, distance).rows, distance);
      taken.push_back(name);
    } catch (const std::exception& error) {
      require(std::string(error.what()).find(name) != std::string::npos,
              "refuses the distance {} with the sentence \"{}\", which does not name it", name, error.what());
    }
  }
  require(!taken.empty(), "takes none of the distances");
  return taken;
}

void require_well_formed(const Neighbours& found, int64_t queries, int64_t rows, const IndexSearch& request) {
  const auto is = [&](const at::Tensor& x, at::ScalarType dtype) {
    return x.defined() && x.is_cpu() && x.scalar_type() == dtype &&
           x.sizes() == at::IntArrayRef({queries, request.k});
  };
  require(is(found.rows, at::kLong), "gives rows that are not int64 ({}, {}) on the CPU", queries, request.k);
  require(is(found.distances, at::kFloat), "gives distances that are not float32 ({}, {}) on the CPU",
          queries, request.k);
  const auto there = found.rows.ge(0);
  require(found.rows.ge(-1).logical_and(found.rows.lt(rows)).all().item<bool>(),
          "gives row numbers outside of -1 to {}", rows - 1);
  const auto infinite = found.distances.eq(std::numeric_limits<float>::infinity());
  require(infinite.eq(there.logical_not()).all().item<bool>() && !found.distances.isnan().any().item<bool>(),
          "gives a distance that is no number, or that is infinite for a row and finite for none");
  const auto pair = [&](const at::Tensor& x) {
    return std::pair(x.slice(1, 0, request.k - 1), x.slice(1, 1));
  };
  const auto [near, far] = pair(found.distances);
  require(near.le(far).all().item<bool>(), "does not give the nearest rows first");
  const auto [row, next] = pair(found.rows);
  require(near.ne(far).logical_or(next.lt(0)).logical_or(row.lt(next)).all().item<bool>(),
          "does not order rows at equal distances by their number");
  const auto sorted = std::get<0>(found.rows.sort(1));
  const auto [one, other] = pair(sorted);
  require(!one.eq(other).logical_and(one.ge(0)).any().item<bool>(), "finds a row twice for one query");
  if (!request.candidates.defined()) return;
  require(request.candidates.index_select(0, found.rows.masked_select(there)).all().item<bool>(),
          "finds a row that is no candidate");
}

at::Tensor found_count(const Neighbours& found) { return found.rows.ge(0).sum(1); }

}  // namespace kindred::host
