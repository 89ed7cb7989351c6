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
      {"missing_symbol", {}, {"fixture_missing_symbol.kindred.so", "KDP009", "acme::weight_of(long)"}},
  };
}

/// What a component answers against its promise, or throws though the host cannot know it.
std::vector<Fault> wrong_answers() {
  const std::string unknown = "not a std::exception";
  return {
      {"faulty",
       {R"(model.encoders.vector={"type":"faulty.encoder","what":"narrow"})"},
       {"faulty.encoder, phase forward", "expected float32 (32, 16) on cpu"}},
      {"faulty",
       {R"(model.encoders.vector={"type":"faulty.encoder","what":"elsewhere"})"},
       {"faulty.encoder, phase forward", "on meta", "on cpu"}},
      {"faulty",
       {R"(model.encoders.vector={"type":"faulty.encoder","what":"number","where":"train"})"},
       {"plugin faulty, component faulty.encoder, phase train", unknown}},
      {"faulty",
       {R"(model.head={"type":"faulty.head","what":"elsewhere"})"},
       {"faulty.head, phase forward", "on meta", "on cpu"}},
      {"faulty",
       {R"(model.head={"type":"faulty.head","what":"number","where":"train"})"},
       {"plugin faulty, component faulty.head, phase train", unknown}},
      {"faulty",
       {R"(train.loss={"type":"faulty.loss","what":"elsewhere"})"},
       {"faulty.loss, phase forward", "returned float32 () on meta"}},
      {"faulty",
       {R"(train.loss={"type":"faulty.loss","what":"vector"})"},
       {"faulty.loss, phase forward", "returned float32 (2) on cpu; expected one number"}},
      {"faulty",
       {R"(train.loss={"type":"contrastive","miner":{"type":"faulty.miner"}})"},
       {"faulty.miner, phase mine", "as the mask of positive pairs"}},
      {"faulty",
       {R"(evaluate.metrics=[{"type":"faulty.metric","what":"short"}])"},
       {"faulty.metric, phase per_query", "expected float64"}},
      {"faulty",
       {R"(evaluate.metrics=[{"type":"faulty.metric","what":"elsewhere"}])"},
       {"faulty.metric, phase per_query", "on meta; expected float64", "on cpu"}},
      {"faulty",
       {R"(data.dataset={"type":"faulty.data","what":"elsewhere"})"},
       {"faulty.data, phase matrix", "on meta", "on cpu"}},
  };
}

/// `host run` of the small pipeline with a fixture's plugin.
testing::HostResult run_with(const testing::TemporaryFolder& folder, const std::string& plugin,
                             const std::vector<std::string>& overrides) {
  testing::write_vectors(folder);
  testing::write_pipeline(folder, testing::vectors_pipeline());
  std::vector<std::string> arguments = {
      "run", "pipeline.json", "--quiet", "--output", "out", "--plugins", testing::fixture_folder(plugin)};
  for (const auto& one : overrides) arguments.insert(arguments.end(), {"--set", one});
  std::filesystem::remove_all(folder.path() / "out");
  return testing::run_host(folder, arguments);
}

void expect_code_4(const std::vector<Fault>& faults) {
  const testing::TemporaryFolder folder("broken");
  for (const auto& fault : faults) {
    const auto result = run_with(folder, fault.plugin, fault.override);
    EXPECT_EQ(result.code, 4) << fault.plugin << "\n" << result.error;
    for (const auto& part : fault.expected) EXPECT_THAT(result.error, HasSubstr(part)) << fault.plugin;
  }
}

TEST(BrokenPlugins, end_with_code_4_and_name_plugin_component_and_phase) { expect_code_4(faults()); }

TEST(BrokenPlugins, are_found_out_where_they_hand_over_what_is_wrong) { expect_code_4(wrong_answers()); }

TEST(BrokenPlugins, a_loss_that_is_not_finite_is_named_beside_the_embeddings_it_got) {
  const testing::TemporaryFolder folder("broken");
  const auto result =
      run_with(folder, "faulty", {R"(train.loss={"type":"faulty.loss","what":"nan","call":2})"});
  EXPECT_EQ(result.code, 1) << result.error;
  EXPECT_THAT(result.error, HasSubstr("the loss faulty.loss is nan in epoch 1, step 2, on embeddings that "
                                      "are finite"));
}

TEST(BrokenPlugins, a_tracker_that_throws_is_left_out_and_the_run_goes_on) {
  const testing::TemporaryFolder folder("broken");
  const auto result = run_with(folder, "faulty", {R"(output.trackers=[{"type":"faulty.tracker"}])"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("component faulty.tracker, phase epoch"));
  EXPECT_EQ(testing::read_json(folder / "out/result.json")["timings"]["epochs"], 15);
}

TEST(BrokenPlugins, what_is_thrown_for_one_sample_is_told_with_its_name) {
  const testing::TemporaryFolder folder("broken");
  for (const auto* what : {"error", "number"}) {
    const auto result =
        run_with(folder, "faulty",
                 {R"(data.dataset={"type":"faulty.data","what":")" + std::string(what) + "\"}",
                  R"(model.encoders.vector={"type":"faulty.encoder"})"});
    EXPECT_EQ(result.code, 0) << result.error;
    const auto skipped = testing::read_json(folder / "out/result.json")["data"]["skipped_samples"];
    ASSERT_EQ(skipped.size(), 1U) << what;
    EXPECT_EQ(skipped[0]["name"], "wave 123");
    EXPECT_THAT(skipped[0]["message"].get<std::string>(),
                HasSubstr(what == std::string("error") ? "the licence has expired" : "not a std::exception"));
    std::filesystem::remove_all(folder.path() / "cache");
  }
}

TEST(BrokenPlugins, a_crash_names_plugin_component_phase_and_sample) {
  const std::string encoder = R"(model.encoders.vector={"type":"faulty.encoder"})";
  const std::vector<Fault> crashes = {
      {"faulty",
       {R"(data.dataset={"type":"faulty.data","what":"crash"})", encoder},
       {"plugin faulty, component faulty.data, phase read, sample 123: its code crashed"}},
      {"faulty",
       {R"(data.dataset={"type":"faulty.data","what":"overflow"})", encoder},
       {"plugin faulty, component faulty.data, phase read, sample 123: its code crashed"}},
      {"faulty",
       {R"(train.loss={"type":"faulty.loss","what":"end"})"},
       {"plugin faulty, component faulty.loss, phase destroy: its code crashed"}},
      {"crashes_on_load",
       {R"(train.loss={"type":"crashes_on_load.loss"})"},
       {"fixture_crashes_on_load.kindred.so, phase load: its code crashed"}},
  };
  const testing::TemporaryFolder folder("broken");
  for (const auto& crash : crashes) {
    const auto result = run_with(folder, crash.plugin, crash.override);
    EXPECT_EQ(result.code, 128 + SIGSEGV) << result.error;
    EXPECT_THAT(result.error, HasSubstr(crash.expected.front()));
    EXPECT_THAT(result.error, HasSubstr("(segmentation fault)"));
  }
}

TEST(BrokenPlugins, a_crash_names_plugin_component_and_phase_and_keeps_what_was_made) {
  const testing::TemporaryFolder folder("broken");
  const auto result = run_with(folder, "throwing", {R"(train.loss={"type":"throwing.loss","crash":true})"});
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
