#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture_plugins.hpp"
#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;

struct Fault {
  const char* plugin;                 ///< fixture, in a folder of its own
  std::vector<std::string> override;  ///< of the pipeline, to make use of it
  std::vector<std::string> expected;  ///< plugin, component and phase, and what is wrong
};

std::vector<Fault> faults() {
  return {
      {"tag_torch", {}, {"fixture_tag_torch.kindred.so", "KDP006", "LibTorch"}},
      {"tag_epoch", {}, {"fixture_tag_epoch.kindred.so", "KDP005"}},
      {"no_descriptor", {}, {"fixture_no_descriptor.kindred.so", "kindred_plugin_v1"}},
      {"twice", {}, {"KDP011", "registers loss hand.made twice"}},
      {"no_factory", {}, {"fixture_no_factory.kindred.so"}},
      {"throwing",
       {R"(train.loss={"type":"throwing.loss"})"},
       {"throwing", "throwing.loss", "create", "the anchor file is empty"}},
      {"throwing",
       {R"(train.loss={"type":"throwing.loss","what":"private","in_forward":true})"},
       {"throwing", "throwing.loss", "forward", "not a std::exception"}},
  };
}

TEST(BrokenPlugins, end_with_code_4_and_name_plugin_component_and_phase) {
  const testing::TemporaryFolder folder("broken");
  testing::write_vectors(folder);
  testing::write_pipeline(folder, testing::vectors_pipeline());
  for (const auto& fault : faults()) {
    std::vector<std::string> arguments = {"run", "pipeline.json", "--quiet", "--plugins",
                                          testing::fixture_folder(fault.plugin)};
    for (const auto& one : fault.override) arguments.insert(arguments.end(), {"--set", one});
    const auto result = testing::run_host(folder, arguments);
    EXPECT_EQ(result.code, 4) << fault.plugin << "\n" << result.error;
    for (const auto& part : fault.expected) EXPECT_THAT(result.error, HasSubstr(part)) << fault.plugin;
  }
}

TEST(BrokenPlugins, two_plugins_with_one_id_are_an_error_wherever_they_lie) {
  const testing::TemporaryFolder folder("broken");
  testing::write_vectors(folder);
  testing::write_pipeline(folder, testing::vectors_pipeline());
  std::filesystem::create_directory(folder.path() / "more");
  std::filesystem::copy(std::string(KINDRED_TEST_PLUGINS) + "/core.kindred.so",
                        folder.path() / "more/copy.kindred.so");
  const auto result = testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--plugins", "more"});
  EXPECT_EQ(result.code, 4) << result.error;
  for (const auto* part : {"KDP011", "copy.kindred.so", "core.kindred.so"}) {
    EXPECT_THAT(result.error, HasSubstr(part));
  }
}

}  // namespace
}  // namespace kindred
