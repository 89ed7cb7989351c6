#include <gtest/gtest.h>

#include <cmath>

#include "component.hpp"
#include "golden_file.hpp"
#include "kindred/loss.hpp"

namespace kindred {
namespace {

struct Case {
  const char* golden;
  const char* loss;
  nlohmann::json params;
  const char* proxies = nullptr;  ///< key of the class proxies in the golden file
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.golden; }

std::vector<Case> cases() {
  const auto triplet = [](const char* mining) {
    return nlohmann::json{{"mining", mining},
                          {"margin", 0.2},
                          {"distance", "euclidean"},
                          {"scale_by_negatives", false},
                          {"average", "active"}};
  };
  const double arc_margin = 28.6 * 3.14159265358979323846 / 180;
  return {
      {"contrastive(cosine sim pos=1 neg=0.5)", "kindred.contrastive", {{"negative_margin", 0.5}}},
      {"contrastive(L2 normalized pos=0 neg=1)",
       "kindred.contrastive",
       {{"negative_margin", 1.0}, {"distance", "euclidean"}}},
      {"ntxent(temperature=0.07)", "kindred.nt_xent", {{"temperature", 0.07}}},
      {"circle(m=0.4,gamma=80)", "kindred.circle", {{"relaxation", 0.4}, {"gamma", 80.0}}},
      {"lifted_structure(neg=1,pos=0)", "kindred.lifted_structure", {{"margin", 1.0}, {"normalize", true}}},
      {"generalized_lifted_structure",
       "kindred.lifted_structure",
       {{"margin", 1.0}, {"normalize", true}, {"generalized", true}}},
      {"npairs", "kindred.n_pairs", {{"scale", 1.0}}},
      {"fast_ap(num_bins=10)", "kindred.fast_ap", {{"bins", 10}}},
      {"signal_to_noise_contrastive", "kindred.signal_to_noise", nlohmann::json::object()},
      {"angular(alpha=40)", "kindred.angular", {{"alpha", 40.0}, {"normalize_negatives", false}}},
      {"arcface(margin=28.6deg,scale=64)",
       "kindred.arc_face",
       {{"margin", arc_margin}, {"scale", 64.0}},
       "weights_C_by_E"},
      {"cosface(margin=0.35,scale=64)",
       "kindred.cos_face",
       {{"margin", 0.35}, {"scale", 64.0}},
       "weights_C_by_E"},
      {"normalized_softmax(temperature=0.05)",
       "kindred.norm_softmax",
       {{"temperature", 0.05}},
       "weights_C_by_E"},
      {"proxy_nca(softmax_scale=1)", "kindred.proxy_nca_plus_plus", {{"scale", 1.0}}, "weights_C_by_E"},
      {"proxy_anchor(margin=0.1,alpha=32)",
       "kindred.proxy_anchor",
       {{"margin", 0.1}, {"alpha", 32.0}},
       "weights_C_by_E"},
      {"subcenter_arcface(3 centers,margin=28.6deg,scale=64)",
       "kindred.sub_center_arc_face",
       {{"margin", arc_margin}, {"scale", 64.0}, {"centers", 3}},
       "weights_3C_by_E"},
      {"soft_triple(3 centers, la=20,gamma=0.1,margin=0.01)",
       "kindred.soft_triple",
       {{"scale", 20.0}, {"gamma", 0.1}, {"margin", 0.01}, {"centers", 3}},
       "weights_3C_by_E"},
      {"triplet(all, L2 normalized, margin=0.2, mean over nonzero)", "kindred.triplet", triplet("all")},
      {"triplet(batch hard, L2 normalized, margin=0.2)", "kindred.triplet", triplet("hard")},
      {"triplet(semihard miner margin 0.2)", "kindred.triplet", triplet("semi_hard")},
      {"supcon(temperature=0.1)", "kindred.supervised_contrastive", {{"temperature", 0.1}}},
      {"multi_similarity(alpha=2,beta=50,base=0.5)",
       "kindred.multi_similarity",
       {{"alpha", 2.0}, {"beta", 50.0}, {"base", 0.5}, {"mining", false}}},
      {"multi_similarity(with miner eps=0.1)",
       "kindred.multi_similarity",
       {{"alpha", 2.0}, {"beta", 50.0}, {"base", 0.5}, {"mining", true}, {"epsilon", 0.1}}}};
}

class GoldenLosses : public ::testing::TestWithParam<Case> {};

TEST_P(GoldenLosses, value_and_gradient) {
  const auto golden = testing::read_golden_losses();
  if (golden.is_discarded())
    GTEST_SKIP() << testing::golden_losses_file()
                 << " is absent; set KINDRED_SHARED or KINDRED_GOLDEN_LOSSES";
  const auto& [name, id, params, proxies] = GetParam();
  if (!golden["losses"].contains(name)) GTEST_SKIP() << testing::golden_losses_file() << " has no " << name;
  const auto& expected = golden["losses"][name];

  const auto labels = testing::labels_of(golden["labels"]);
  for (const auto dtype : {at::kDouble, at::kFloat}) {
    auto embeddings = testing::matrix_of(golden["embeddings"]).to(dtype).requires_grad_(true);
    const Site site{embeddings.size(1), labels.max().item<int64_t>() + 1, 0};
    const auto loss = testing::make<Loss>("core", id, params, site);
    if (proxies != nullptr) {
      loss->parameters().at(0).tensor.set_data(testing::matrix_of(golden[proxies]).to(dtype));
    }
    const auto value = loss->forward(embeddings, labels);
    const double wanted = expected["loss"].get<double>();
    const bool exact = dtype == at::kDouble;
    EXPECT_NEAR(value.item<double>(), wanted, (exact ? 1e-9 : 1e-5) * (1 + std::abs(wanted)));
    value.backward();
    const auto gradient = testing::matrix_of(expected["grad"]);
    const double largest = gradient.abs().max().item<double>();
    // Gradients are stored with ten decimals.
    EXPECT_LE((embeddings.grad() - gradient).abs().max().item<double>(),
              exact ? 2e-10 + 1e-9 * largest : 1e-4 * (1 + largest))
        << dtype;
  }
}

INSTANTIATE_TEST_SUITE_P(pml, GoldenLosses, ::testing::ValuesIn(cases()), [](const auto& info) {
  std::string name;
  for (const char c : std::string(info.param.golden))
    name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace kindred
