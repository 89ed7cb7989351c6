#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

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
      {"broken",
       {R"(data.dataset={"type":"broken.few_labels"})"},
       {"plugin broken", "broken.few_labels", "labels", "9 labels for 10 samples"}},
      {"broken",
       {R"(train.batch_sampler={"type":"broken.out_of_range"})"},
       {"plugin broken", "broken.out_of_range", "batches", "gave row"}},
      {"broken",
       {R"(evaluate.eval_sampler={"type":"broken.unsorted"})"},
       {"plugin broken", "broken.unsorted", "queries", "not distinct and ascending"}},
      {"broken",
       {R"(model.head={"type":"broken.announces_other"})"},
       {"plugin broken", "broken.announces_other", "forward", "expected float32"}},
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

TEST(BrokenPlugins, a_crash_names_plugin_component_and_phase_and_keeps_what_was_made) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer reports crashes itself";
#endif
  const testing::TemporaryFolder folder("broken");
  testing::write_vectors(folder);
  testing::write_pipeline(folder, testing::vectors_pipeline());
  const auto result = testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--output", "out",
                                                 "--plugins", testing::fixture_folder("throwing"), "--set",
                                                 R"(train.loss={"type":"throwing.loss","crash":true})"});
  EXPECT_EQ(result.code, 128 + SIGSEGV) << result.error;
  EXPECT_THAT(
      result.error,
      HasSubstr(
          "plugin throwing, component throwing.loss, phase forward: its code crashed (segmentation fault)"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "out/pipeline.json"));
}

TEST(BrokenPlugins, one_that_is_slow_to_load_is_named_while_it_is_waited_for) {
  const testing::TemporaryFolder folder("broken");
  const auto result =
      testing::run_host(folder, {"describe", "slow.loss", "--plugins", testing::fixture_folder("slow")});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("fixture_slow.kindred.so, phase load: still busy after 3.0 s"));
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
