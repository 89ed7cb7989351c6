#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "component.hpp"
#include "integers.hpp"
#include "kindred/loss.hpp"
#include "numeric_gradient.hpp"

/// Batches of scored pairs for tests of the losses over them.
namespace kindred::testing {

using Row = std::vector<double>;

/// Pairs in plain numbers, for loops over them.
struct Pairs {
  std::vector<Row> a, b;
  std::vector<double> scores;
  std::vector<int64_t> subgroups, a_objects, b_objects;
  size_t size() const { return scores.size(); }
};

inline at::Tensor matrix(const std::vector<Row>& rows) {
  std::vector<double> all;
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  return at::tensor(all, at::kDouble).reshape({static_cast<int64_t>(rows.size()), -1});
}

inline ScoredPairs tensors(const Pairs& pairs) {
  return {matrix(pairs.a),           matrix(pairs.b),           at::tensor(pairs.scores, at::kDouble),
          integers(pairs.subgroups), integers(pairs.a_objects), integers(pairs.b_objects)};
}

inline double dot(const Row& x, const Row& y) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}
inline double cosine(const Row& x, const Row& y) { return dot(x, y) / std::sqrt(dot(x, x) * dot(y, y)); }

/// Twelve pairs, of which some share an object, one has an object that is second in another, two are of one
/// anchor, and some are no pairs.
inline Pairs example_pairs(uint64_t seed) {
  Pairs out;
  out.a_objects = {0, 1, 2, 0, 4, 5, 6, 0, 1, 9, 10, 11};
  out.b_objects = {20, 21, 22, 23, 20, 4, 26, 27, 26, 29, 30, 31};
  out.scores = {1, 0.8, 1, 1, 0.9, 1, 0.5, 0, 0.2, 1, 0.1, 0};
  out.subgroups = {0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 2, 1};
  const auto objects = random_matrix(32, 5, seed);
  const auto row = [&](int64_t object) {
    const auto* first = objects.data_ptr<double>() + object * 5;
    return Row(first, first + 5);
  };
  for (const auto object : out.a_objects) out.a.push_back(row(object));
  for (const auto object : out.b_objects) out.b.push_back(row(object));
  return out;
}

/// The samples for which values of Quaterion are known.
inline Pairs golden_pairs(std::vector<double> scores) {
  const std::vector<Row> e = {{1, 0, .5},   {.2, 1, -.3},  {-.5, .4, 1}, {.9, .1, .4},
                              {0, 1.2, .1}, {-.6, .2, .8}, {.7, .6, .1}, {-.1, .5, .9}};
  return {{e[0], e[1], e[2], e[5]},
          {e[3], e[4], e[6], e[7]},
          std::move(scores),
          {0, 0, 0, 0},
          {0, 1, 2, 5},
          {3, 4, 6, 7}};
}

inline std::shared_ptr<Loss> scored_loss(const char* id,
                                         const nlohmann::json& params = nlohmann::json::object()) {
  return make<Loss>("core", id, params);
}

inline double value_of(const char* id, const nlohmann::json& params, const Pairs& pairs) {
  return scored_loss(id, params)->forward_scored(tensors(pairs)).item<double>();
}

}  // namespace kindred::testing
