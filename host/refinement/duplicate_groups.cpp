#include "host/refinement/duplicate_groups.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "kindred/error.hpp"
#include "kindred/search/scored_rows.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kComparedAtOnce = 1024;
constexpr double kSlack = 1e-4;  // of a matrix of distances in float32, relative to the longest row

void check_limit(Distance distance, double limit) {
  if (distance.kind == Distance::dot || distance.kind == Distance::snr)
    throw Error(
        "duplicates need a distance that is 0 for equal rows in both directions; dot and snr are not, take "
        "the cosine");
  if (!std::isfinite(limit) || limit < 0)
    throw Error(
        fmt::format("the limit of near duplicates is {}; it is a distance, so a number from 0 on", limit));
}

/// The sets of a partition of rows, of which each is known by its smallest one.
class Components {
 public:
  int64_t first_of(int64_t row) {
    int64_t root = parent_.emplace(row, row).first->second;
    while (parent_[root] != root) root = parent_[root];
    while (parent_[row] != root) row = std::exchange(parent_[row], root);
    return root;
  }
  void join(int64_t a, int64_t b) {
    a = first_of(a);
    b = first_of(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::unordered_map<int64_t, int64_t> parent_;
};

DuplicateGroup group_of(std::vector<DuplicatePair> pairs) {
  DuplicateGroup out;
  Components exact;
  out.nearest = out.farthest = pairs.front().distance;
  for (const auto& one : pairs) {
    out.rows.insert(out.rows.end(), {one.a, one.b});
    if (one.is_exact) exact.join(one.a, one.b);
    out.nearest = std::min(out.nearest, one.distance);
    out.farthest = std::max(out.farthest, one.distance);
  }
  std::sort(out.rows.begin(), out.rows.end());
  out.rows.erase(std::unique(out.rows.begin(), out.rows.end()), out.rows.end());
  out.is_exact = std::all_of(out.rows.begin(), out.rows.end(),
                             [&](int64_t row) { return exact.first_of(row) == out.rows.front(); });
  out.pairs = std::move(pairs);
  return out;
}

}  // namespace

std::vector<DuplicatePair> near_pairs(const StoredRows& rows, Distance distance, double limit) {
  at::NoGradGuard no_grad;
  check_limit(distance, limit);
  const int64_t count = rows.size();
  const auto tile = [&](int64_t begin) {
    return comparable_rows(distance, rows.rows(begin, std::min(begin + kComparedAtOnce, count)));
  };
  double longest = 0;
  for (int64_t first = 0; first < count; first += kComparedAtOnce)
    longest = std::max(longest, std::sqrt(squared_lengths(tile(first)).max().item<double>()));
  const double slack =
      kSlack * (distance.kind == Distance::squared_euclidean ? longest * longest : std::max(longest, 1.0));
  std::vector<DuplicatePair> out;
  for (int64_t first = 0; first < count; first += kComparedAtOnce) {
    const auto queries = tile(first);
    for (int64_t begin = first; begin < count; begin += kComparedAtOnce) {
      const auto others = tile(begin);
      const auto near = distance_matrix(distance, queries, others).le(limit + slack).nonzero();
      const auto a = near.select(1, 0) + first, b = near.select(1, 1) + begin;
      const auto ordered = a.lt(b);
      const auto left = a.masked_select(ordered), right = b.masked_select(ordered);
      if (left.numel() == 0) continue;
      const auto distances = paired_distance(distance, queries.index_select(0, left - first),
                                             others.index_select(0, right - begin))
                                 .contiguous();
      for (int64_t i = 0; i < left.numel(); ++i) {
        const float found = distances.data_ptr<float>()[i];
        if (found <= limit)
          out.push_back(
              {left.data_ptr<int64_t>()[i], right.data_ptr<int64_t>()[i], std::max(found, 0.0F), false});
      }
      if (out.size() > kMostPairs) {
        throw Error(fmt::format("more than {} pairs are no farther apart than {}; take a smaller limit",
                                kMostPairs, limit));
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const DuplicatePair& one, const DuplicatePair& other) {
    return std::tie(one.a, one.b) < std::tie(other.a, other.b);
  });
  return out;
}

std::vector<DuplicatePair> exact_pairs(const std::vector<std::string>& content) {
  std::unordered_map<std::string, int64_t> first;
  std::vector<DuplicatePair> out;
  for (size_t row = 0; row < content.size(); ++row) {
    if (content[row].empty()) continue;
    const auto [it, is_new] = first.emplace(content[row], static_cast<int64_t>(row));
    if (!is_new) out.push_back({it->second, static_cast<int64_t>(row), 0, true});
  }
  return out;
}

std::vector<DuplicateGroup> duplicate_groups(std::vector<DuplicatePair> pairs) {
  std::sort(pairs.begin(), pairs.end(), [](const DuplicatePair& one, const DuplicatePair& other) {
    return std::tie(one.a, one.b, other.is_exact) < std::tie(other.a, other.b, one.is_exact);
  });
  const auto same = [](const DuplicatePair& one, const DuplicatePair& other) {
    return one.a == other.a && one.b == other.b;
  };
  pairs.erase(std::unique(pairs.begin(), pairs.end(), same), pairs.end());
  Components components;
  for (const auto& one : pairs) components.join(one.a, one.b);
  std::map<int64_t, std::vector<DuplicatePair>> by_first;
  for (const auto& one : pairs) by_first[components.first_of(one.a)].push_back(one);
  std::vector<DuplicateGroup> out;
  for (auto& [first, members] : by_first) out.push_back(group_of(std::move(members)));
  std::stable_sort(out.begin(), out.end(), [](const DuplicateGroup& one, const DuplicateGroup& other) {
    return std::tie(other.is_exact, one.nearest) < std::tie(one.is_exact, other.nearest);
  });
  return out;
}

}  // namespace kindred::host
