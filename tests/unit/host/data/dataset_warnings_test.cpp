#include "host/data/dataset_warnings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_dataset.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;

class Listener final : public Context {
 public:
  void warning(const std::string& text) override { heard_.push_back(text); }
  std::vector<std::string> heard_;
};

TEST(DatasetWarnings, are_said_once_each_when_they_come) {
  auto dataset = std::make_shared<kindred::testing::MadeDataset>();
  dataset->warnings_ = {"2 links lead nowhere"};
  Listener listener;
  DatasetWarnings warnings(dataset, listener);
  EXPECT_THAT(listener.heard_, ElementsAre("2 links lead nowhere"));
  dataset->warnings_.push_back("3 boxes stick out");
  warnings.say();
  warnings.say();
  EXPECT_THAT(listener.heard_, ElementsAre("2 links lead nowhere", "3 boxes stick out"));
}

}  // namespace
}  // namespace kindred::host
