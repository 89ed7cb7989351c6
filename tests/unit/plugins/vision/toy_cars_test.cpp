#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "kindred/dataset.hpp"

namespace kindred {
namespace {

std::shared_ptr<Dataset> small() {
  return testing::make<Dataset>("vision", "kindred.toy_cars",
                                {{"classes", 12}, {"samples", 10}, {"size", 32}});
}

TEST(ToyCars, has_at_least_sixty_models_and_repeats_itself) {
  const auto dataset = testing::make<Dataset>("vision", "kindred.toy_cars");
  EXPECT_GE(dataset->class_names().size(), 60u);
  const auto a = small(), b = small();
  for (int64_t i : {0, 17, 119}) EXPECT_TRUE(at::equal(a->read(i), b->read(i)));
  EXPECT_FALSE(at::equal(a->read(0), a->read(1))) << "pictures of a model differ";
}

TEST(ToyCars, colour_does_not_give_the_class_away) {
  // The nearest neighbour by mean colour shares the class hardly more often than chance (9 of 119).
  const auto dataset = small();
  std::vector<at::Tensor> means;
  for (int64_t i = 0; i < dataset->size(); ++i)
    means.push_back(dataset->read(i).to(at::kFloat).mean(at::IntArrayRef{0, 1}));
  const auto all = at::stack(means);
  auto distances = at::cdist(all, all);
  distances.fill_diagonal_(1e9);
  const auto nearest = distances.argmin(1);
  int64_t hits = 0;
  for (int64_t i = 0; i < dataset->size(); ++i) {
    hits += dataset->labels()[static_cast<size_t>(nearest[i].item<int64_t>())] ==
            dataset->labels()[static_cast<size_t>(i)];
  }
  EXPECT_LT(static_cast<double>(hits) / static_cast<double>(dataset->size()), 0.2);
}

}  // namespace
}  // namespace kindred
