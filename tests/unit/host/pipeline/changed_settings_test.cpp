#include "host/pipeline/changed_settings.hpp"

#include <gmock/gmock.h>

#include "host/loader/catalog.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::Key;

TEST(ChangedSettings, are_those_that_are_no_defaults_and_what_was_chosen) {
  const auto resolved = json::parse(R"({
    "kindred": 1, "name": "parts", "seed": 42, "plugins": [], "versions": {"kindred": "1"},
    "cache": {"directory": "/some/where/cache", "type": "cpu", "views": 1},
    "data": {"transforms": [], "split": {"by": "class", "seed": 7}},
    "model": {"encoders": {"image": {"type": "none.such", "depth": 3,
                                     "trainable": {"from": "layer4", "batch_norm": "frozen"}}}},
    "train": {"epochs": 30, "loss": {"type": "none.loss", "weight": 1.0}, "optimizer": {"lr": 0.5, "beta1": 0.9}}
  })");
  const auto changed = changed_settings(resolved, Catalog());
  EXPECT_THAT(changed, ElementsAre(Key("/cache/type"), Key("/data/split/seed"),
                                   Key("/model/encoders/image/trainable/from"),
                                   Key("/model/encoders/image/type"), Key("/name"), Key("/train/epochs"),
                                   Key("/train/loss/type"), Key("/train/optimizer/lr")));
  EXPECT_EQ(changed.at("/cache/type"), "auto");
  EXPECT_EQ(changed.at("/data/split/seed"), 42);
  EXPECT_TRUE(changed.at("/train/loss/type").is_null()) << "a component is chosen";
}

}  // namespace
}  // namespace kindred::host
