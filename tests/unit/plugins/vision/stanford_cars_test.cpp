#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "component.hpp"
#include "kindred/dataset.hpp"
#include "shared_folder.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::shared_ptr<Dataset> cars(const nlohmann::json& params) {
  return testing::make<Dataset>("stanford_cars", "kindred.stanford_cars", params);
}

std::string thrown(const nlohmann::json& params) {
  try {
    cars(params);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(StanfordCars, reads_the_official_layout) {
  KINDRED_SHARED_OR_SKIP(root, "data/stanford_cars");
  const auto train = cars({{"root", root}, {"splits", {"train"}}});
  const auto both = cars({{"root", root}});
  const auto merged = cars({{"root", root}, {"splits", {"merged"}}});
  EXPECT_EQ(train->size(), 4072);
  EXPECT_EQ(both->size(), 8144);
  EXPECT_EQ(both->fingerprint(), merged->fingerprint());
  EXPECT_EQ(both->class_names().size(), 196u);
  const std::set<int64_t> labels(both->labels().begin(), both->labels().end());
  EXPECT_EQ(labels.size(), 196u);
  EXPECT_EQ(*labels.begin(), 0);
  EXPECT_EQ(*labels.rbegin(), 195);
  EXPECT_EQ(train->sample_name(0).rfind("cars_train/", 0), 0u);
  EXPECT_EQ(both->read(5000).size(2), 3);
}

TEST(StanfordCars, crops_to_the_box_with_a_margin) {
  KINDRED_SHARED_OR_SKIP(root, "data/stanford_cars");
  const auto whole = cars({{"root", root}})->read(3);
  const auto tight = cars({{"root", root}, {"crop", true}})->read(3);
  const auto wide = cars({{"root", root}, {"crop", true}, {"margin", 0.1}})->read(3);
  EXPECT_LT(tight.numel(), whole.numel());
  EXPECT_LE(tight.numel(), wide.numel());
  EXPECT_NE(cars({{"root", root}})->fingerprint(), cars({{"root", root}, {"crop", true}})->fingerprint());
}

TEST(StanfordCars, nested_folders_and_missing_labels) {
  KINDRED_SHARED_OR_SKIP(root, "data/stanford_cars");
  KINDRED_SHARED_OR_SKIP(devkit, "data/stanford_cars_official_devkit");
  const auto copy = fs::temp_directory_path() / ("kindred_cars_" + std::to_string(::getpid()));
  fs::create_directories(copy / "cars_train");
  fs::create_directory_symlink(fs::path(root) / "cars_train", copy / "cars_train" / "cars_train");
  fs::create_directory_symlink(fs::path(root) / "devkit", copy / "devkit");
  const auto nested = cars({{"root", copy.string()}, {"splits", {"train"}}});
  EXPECT_EQ(nested->size(), 4072);
  EXPECT_EQ(nested->read(0).dim(), 3);
  fs::remove(copy / "devkit");
  fs::create_directory_symlink(devkit, copy / "devkit");
  EXPECT_THAT(thrown({{"root", copy.string()}, {"splits", {"test"}}}),
              HasSubstr("cars_test_annos_withlabels.mat"));
  fs::remove(copy / "devkit");
  EXPECT_THAT(thrown({{"root", copy.string()}, {"splits", {"train"}}}), HasSubstr("cars_train_annos.mat"));
  fs::remove_all(copy);
  EXPECT_THAT(thrown({{"root", "/nowhere"}}), HasSubstr("/nowhere"));
}

}  // namespace
}  // namespace kindred
