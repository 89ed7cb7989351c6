#include "host/check/conformance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture_plugins.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;

/// A component of the fixture `broken`, the rule that must notice it, and a part of the sentence.
struct Fault {
  const char *component, *rule, *text;
};

constexpr Fault kFaults[] = {
    {"broken.wrong_gradient", "gradient_is_right", "differs from finite differences"},
    {"broken.order_matters", "order_does_not_matter", "in another order"},
    {"broken.divides_by_norm", "is_finite_at_the_edges", "zero vectors"},
    {"broken.float_only", "keeps_dtype_and_shape", "Float for Double"},
    {"broken.not_a_scalar", "keeps_dtype_and_shape", "1 dimensions"},
    {"broken.changes_input", "leaves_its_input_alone", "changes the tensors"},
    {"broken.drifts", "repeats_itself", "for the same batch"},
    {"broken.leaks", "memory_does_not_grow", "MiB more memory"},
    {"broken.crashes", "gradient_is_right", "crashed: Segmentation fault"},
    {"broken.hangs", "gradient_is_right", "did not end within"},
    {"broken.exits", "gradient_is_right", "status 7"},
    {"broken.throws_number", "gradient_is_right", "not a std::exception"},
    {"broken.pulls_one_side", "gradient_is_right", "numbers of scored pairs"},
    {"broken.reads_numbers", "numbers_are_names", "other numbers of the same objects"},
    {"broken.undocumented", "is_documented", "margin"},
    {"broken.forbidden_default", "defaults_are_valid", "/margin"},
    {"broken.refuses_defaults", "can_be_made", "not today"},
    {"broken.announces_other", "shape_is_as_announced", "output_dimension()"},
    {"broken.depends_on_batch", "rows_are_independent", "alone"},
    {"broken.hidden_state", "state_is_in_its_tensors", ""},
    {"broken.one_name_twice", "tensors_are_stable", "two tensors called weight"},
    {"broken.always_drops", "evaluation_is_deterministic", "two results"},
    {"broken.ignores_weight", "gradients_reach_everything", "weight"},
    {"broken.chain", "stages_make_a_chain", "stage by stage"},
    {"broken.batch_normalised", "samples_are_independent", "alone"},
    {"broken.float_picture", "gives_a_picture", "uint8"},
    {"broken.own_chance", "chance_is_the_hosts", "two pictures for one seed"},
    {"broken.denies_chance", "chance_is_the_hosts", "is_random() is false"},
    {"broken.above_one", "stays_between_0_and_1", "gives numbers from 0 to"},
    {"broken.shallow", "depth_suffices", "needs more neighbours than the 1"},
    {"broken.float_metric", "gives_a_number_per_query", "not float64"},
    {"broken.relative", "queries_are_independent", "alone"},
    {"broken.worst_first", "perfect_is_best", "above the perfect one"},
    {"broken.unknown_distance", "is_named", "hamming"},
    {"broken.few_labels", "labels_match_its_size", "9 labels for 10 samples"},
    {"broken.no_bounds", "wrong_index_is_an_error", "sample -1 of 10"},
    {"broken.shared_buffer", "threads_may_read_at_random", "something else"},
    {"broken.new_fingerprint", "fingerprint_is_stable", "another fingerprint()"},
    {"broken.out_of_range", "rows_are_in_range", "outside the data"},
    {"broken.own_dice", "batches_repeat", "other batches"},
    {"broken.first_half", "every_sample_gets_its_turn", "50 %"},
    {"broken.unsorted", "queries_are_rows", "ascending"},
};

TEST(Conformance, every_broken_component_fails_its_rule_with_the_right_sentence) {
  const auto results = check_plugin(testing::fixture_file("broken"), {}, 2);
  for (const auto& fault : kFaults) {
    bool found = false;
    for (const auto& result : results) {
      if (result.component != fault.component || result.rule != fault.rule) continue;
      found = true;
      EXPECT_EQ(result.status, CheckStatus::failed) << fault.component << " " << fault.rule;
      EXPECT_THAT(result.text, HasSubstr(fault.text)) << fault.component;
    }
    EXPECT_TRUE(found) << fault.component << " " << fault.rule;
  }
}

TEST(Conformance, a_file_that_the_host_refuses_is_one_failed_check) {
  const auto results = check_plugin(testing::fixture_file("tag_torch"), {}, 10);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results.front().status, CheckStatus::failed);
  EXPECT_THAT(results.front().text, HasSubstr("KDP006"));
}

TEST(Conformance, what_needs_parameters_is_skipped_and_says_which) {
  const auto results = check_plugin(std::string(KINDRED_TEST_PLUGINS) + "/core.kindred.so", {}, 1);
  bool found = false;
  for (const auto& result : results) {
    if (result.component != "kindred.vectors") continue;
    found = true;
    EXPECT_EQ(result.status, CheckStatus::skipped);
    EXPECT_THAT(result.text, HasSubstr("--params 'kindred.vectors={...}'"));
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace kindred::host
