#include "host/evaluation/measure.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "made_dataset.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {

TEST(Measured, says_null_where_a_value_is_undefined) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  Measured measured;
  measured.metrics = {{"good", 0.5, 0.25, 0.75, 0.125, 1, 8, 2, {{3, 0.25}}},
                      {"undefined", none, none, none, none, none, 0, 9, {}}};
  measured.views = {"plain", "mirror"};
  EXPECT_EQ(measured.values(), nlohmann::json::parse(R"({"good": 0.5, "undefined": null})"));
  EXPECT_EQ(measured.details(), nlohmann::json::parse(R"({
    "good": {"mean": 0.5, "macro": 0.25, "pooled": 0.75, "interval_95": [0.125, 1.0],
             "views": ["plain", "mirror"], "queries": 8, "singletons": 2},
    "undefined": {"mean": null, "macro": null, "pooled": null, "interval_95": [null, null],
                  "views": ["plain", "mirror"], "queries": 0, "singletons": 9}})"));
  EXPECT_EQ(Measured{}.values(), nlohmann::json::object()) << "a side that is not measured is no null";
}

TEST(CheckFinite, names_the_first_sample_whose_embedding_is_none) {
  kindred::testing::MadeDataset dataset;
  dataset.labels_ = {0, 0, 1, 1};
  auto embeddings = at::ones({3, 2});
  const std::vector<SampleIndex> samples = {SampleIndex{3}, SampleIndex{0}, SampleIndex{2}};
  EXPECT_NO_THROW(check_finite(embeddings, dataset, samples));
  embeddings.slice(0, 1)[0][1] = std::numeric_limits<float>::quiet_NaN();
  embeddings.slice(0, 1)[1][0] = std::numeric_limits<float>::infinity();
  const auto sentence = kindred::testing::thrown([&] { check_finite(embeddings, dataset, samples); });
  EXPECT_NE(sentence.find("the embedding of #0 has a number that is not finite, and 2 of 3"),
            std::string::npos);
}

}  // namespace
}  // namespace kindred::host
