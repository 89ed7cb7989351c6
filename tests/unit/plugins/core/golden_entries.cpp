#include "golden_entries.hpp"

namespace kindred::testing {
namespace {
using nlohmann::json;
using Numbers = std::vector<double>;

/// Numbers of a name that are parameters as they are, in this order.
GoldenLoss::Params named(std::vector<std::string> names, json others = json::object()) {
  return [names, others](const Numbers& numbers) {
    auto params = others;
    for (size_t i = 0; i < names.size(); ++i) params[names[i]] = numbers.at(i);
    return params;
  };
}

GoldenLoss::Params triplet(const char* mining) {
  return named(
      {"margin"},
      {{"mining", mining}, {"distance", "euclidean"}, {"scale_by_negatives", false}, {"average", "active"}});
}

/// Similarities there are distances here.
json contrastive_of_cosines(const Numbers& n) {
  return {{"positive_margin", 1 - n.at(0)}, {"negative_margin", 1 - n.at(1)}};
}

/// Only the difference of its two margins counts.
json lifted_structure(const Numbers& n) { return {{"margin", n.at(0) - n.at(1)}, {"normalize", true}}; }

json arc_face(const Numbers& n) {
  return {{"margin", n.at(0) * 3.14159265358979323846 / 180}, {"scale", n.at(1)}};
}

json sub_center_arc_face(const Numbers& n) {
  auto params = arc_face({n.at(1), n.at(2)});
  params["centers"] = static_cast<int64_t>(n.at(0));
  return params;
}

json soft_triple(const Numbers& n) {
  return {{"centers", static_cast<int64_t>(n.at(0))},
          {"scale", n.at(1)},
          {"gamma", n.at(2)},
          {"margin", n.at(3)}};
}

json fast_ap(const Numbers& n) { return {{"bins", static_cast<int64_t>(n.at(0))}}; }

}  // namespace

const std::vector<GoldenLoss>& golden_losses() {
  constexpr bool kProxies = true;
  static const std::vector<GoldenLoss> all = {
      {"contrastive(cosine sim pos=# neg=#)", "kindred.contrastive", contrastive_of_cosines},
      {"contrastive(L2 normalized pos=# neg=#)", "kindred.contrastive",
       named({"positive_margin", "negative_margin"}, {{"distance", "euclidean"}})},
      {"triplet(all, L2 normalized, margin=#, mean over nonzero)", "kindred.triplet", triplet("all")},
      {"triplet(batch hard, L2 normalized, margin=#)", "kindred.triplet", triplet("hard")},
      {"triplet(batch hard, L2 normalized, margin=#)", "kindred.triplet", triplet("all"), false,
       "kindred.batch_hard", named({})},
      {"triplet(semihard miner margin #)", "kindred.triplet", triplet("semi_hard")},
      {"triplet(semihard miner margin #)", "kindred.triplet", triplet("all"), false, "kindred.triplet_margin",
       named({"margin"}, {{"keep", "semi_hard"}})},
      {"ntxent(temperature=#)", "kindred.nt_xent", named({"temperature"})},
      {"supcon(temperature=#)", "kindred.supervised_contrastive", named({"temperature"})},
      {"multi_similarity(alpha=#,beta=#,base=#)", "kindred.multi_similarity",
       named({"alpha", "beta", "base"}, {{"mining", false}})},
      {"multi_similarity(with miner eps=#)", "kindred.multi_similarity",
       named({"epsilon"}, {{"alpha", 2.0}, {"beta", 50.0}, {"base", 0.5}, {"mining", true}})},
      {"multi_similarity(with miner eps=#)", "kindred.multi_similarity",
       named({}, {{"alpha", 2.0}, {"beta", 50.0}, {"base", 0.5}, {"mining", false}}), false,
       "kindred.multi_similarity", named({"epsilon"})},
      {"circle(m=#,gamma=#)", "kindred.circle", named({"relaxation", "gamma"})},
      {"lifted_structure(neg=#,pos=#)", "kindred.lifted_structure", lifted_structure},
      {"generalized_lifted_structure", "kindred.lifted_structure",
       named({}, {{"margin", 1.0}, {"normalize", true}, {"generalized", true}})},
      {"npairs", "kindred.n_pairs", named({}, {{"scale", 1.0}})},
      {"fast_ap(num_bins=#)", "kindred.fast_ap", fast_ap},
      {"signal_to_noise_contrastive", "kindred.signal_to_noise", named({})},
      {"angular(alpha=#)", "kindred.angular", named({"alpha"}, {{"normalize_negatives", false}})},
      {"arcface(margin=#deg,scale=#)", "kindred.arc_face", arc_face, kProxies},
      {"cosface(margin=#,scale=#)", "kindred.cos_face", named({"margin", "scale"}), kProxies},
      {"normalized_softmax(temperature=#)", "kindred.norm_softmax", named({"temperature"}), kProxies},
      {"proxy_nca(softmax_scale=#)", "kindred.proxy_nca_plus_plus", named({"scale"}), kProxies},
      {"proxy_anchor(margin=#,alpha=#)", "kindred.proxy_anchor", named({"margin", "alpha"}), kProxies},
      {"subcenter_arcface(# centers,margin=#deg,scale=#)", "kindred.sub_center_arc_face", sub_center_arc_face,
       kProxies},
      {"soft_triple(# centers, la=#,gamma=#,margin=#)", "kindred.soft_triple", soft_triple, kProxies}};
  return all;
}

const std::vector<std::string>& golden_metrics() {
  static const std::vector<std::string> all = {"mean_average_precision", "mean_average_precision_at_r",
                                               "mean_reciprocal_rank", "precision_at_1", "r_precision"};
  return all;
}

}  // namespace kindred::testing
