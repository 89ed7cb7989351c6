#include <gtest/gtest.h>

#include "component.hpp"
#include "golden_file.hpp"
#include "kindred/distance.hpp"
#include "kindred/loss.hpp"

namespace kindred {
namespace {

struct Case {
  const char* golden;
  const char* loss;
  nlohmann::json params;
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
  return {{"triplet(all, L2 normalized, margin=0.2, mean over nonzero)", "kindred.triplet", triplet("all")},
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
  const auto& [name, id, params] = GetParam();
  if (!golden["losses"].contains(name)) GTEST_SKIP() << testing::golden_losses_file() << " has no " << name;
  const auto& expected = golden["losses"][name];

  auto embeddings = testing::matrix_of(golden["embeddings"]).requires_grad_(true);
  const auto loss = testing::make<Loss>("core", id, params);
  // The reference measures euclidean distances between normalised embeddings; the gradient is taken
  // through the normalisation.
  const auto value = loss->forward(l2_normalized(embeddings), testing::labels_of(golden["labels"]));
  EXPECT_NEAR(value.item<double>(), expected["loss"].get<double>(),
              1e-9 * (1 + expected["loss"].get<double>()));
  value.backward();
  // Gradients are stored with ten decimals.
  EXPECT_LE((embeddings.grad() - testing::matrix_of(expected["grad"])).abs().max().item<double>(), 2e-10);
}

INSTANTIATE_TEST_SUITE_P(pml, GoldenLosses, ::testing::ValuesIn(cases()), [](const auto& info) {
  std::string name;
  for (const char c : std::string(info.param.golden))
    name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace kindred
