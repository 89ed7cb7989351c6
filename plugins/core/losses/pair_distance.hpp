#pragma once

#include <ATen/core/Tensor.h>

#include <limits>
#include <string>
#include <utility>

#include "kindred/distance.hpp"
#include "kindred/pairs.hpp"
#include "kindred/params.hpp"

namespace kindred {

/// Farther than any distance, for what is left out of a minimum; its negative for a maximum.
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The parameters by which a loss or miner chooses its distance; derive its Params from it.
struct PairDistanceParams {
  // NOLINTNEXTLINE(google-explicit-constructor): a struct of parameters is made from {}
  PairDistanceParams(std::string default_distance = "cosine") : distance(std::move(default_distance)) {}

  std::string distance;
  double p = 2;
  bool normalize = true;
};

template <class Params>
void describe_distance(Schema<Params>& schema) {
  auto names = distance_names();
  names.emplace_back("lp");
  schema.field("distance", static_cast<std::string Params::*>(&Params::distance))
      .doc("What is compared.")
      .one_of(names);
  schema.field("p", static_cast<double Params::*>(&Params::p))
      .doc("Of the distance lp: |x - y|_p.")
      .range(1, 64);
  schema.field("normalize", static_cast<bool Params::*>(&Params::normalize))
      .doc("Embeddings are brought to length 1 first, so that margins do not depend on their scale.");
}

/// A distance, between embeddings of length 1 if asked for.
class PairDistance {
 public:
  /// Throws Error for an unknown name.
  explicit PairDistance(const PairDistanceParams& params)
      : distance_(params.distance == "lp" ? Distance(Distance::lp, params.p)
                                          : distance_from_name(params.distance)),
        normalize_(params.normalize && distance_.kind != Distance::cosine) {}

  Distance distance() const { return distance_; }
  /// Says whether prepared() divides by lengths.
  bool normalizes() const { return normalize_; }
  at::Tensor prepared(const at::Tensor& x) const { return normalize_ ? l2_normalized(x) : x; }

  /// Returns the distances (B, R) between embeddings and references.
  at::Tensor matrix(const PairBatch& batch) const {
    const auto x = prepared(batch.embeddings);
    const bool itself = batch.references.is_same(batch.embeddings);
    return distance_matrix(distance_, x, itself ? x : prepared(batch.references));
  }

 private:
  Distance distance_;
  bool normalize_;
};

}  // namespace kindred
