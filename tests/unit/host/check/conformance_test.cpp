#include "host/check/conformance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "fixture_plugins.hpp"
#include "host/check/rule.hpp"

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
    {"broken.looks_at_graph", "processes_can_share_a_batch", "in a process that shares a batch"},
    {"broken.leaks", "memory_does_not_grow", "MiB more memory"},
    {"broken.crashes", "gradient_is_right", "crashed: Segmentation fault"},
    {"broken.hangs", "gradient_is_right", "did not end within"},
    {"broken.exits", "gradient_is_right", "status 7"},
    {"broken.throws_number", "gradient_is_right", "not a std::exception"},
    {"broken.pulls_one_side", "gradient_is_right", "numbers of scored pairs"},
    {"broken.reads_numbers", "numbers_are_names", "other numbers of the same objects"},
    {"broken.float_labels", "numbers_are_names", "other numbers of the same classes"},
    {"broken.labels_count_twice", "pairs_are_the_labels", "for the same pairs"},
    {"broken.weighs_references", "references_have_no_part_as_anchors", "the order of the references"},
    {"broken.counts_each_part", "parts_add_up", "in three parts"},
    {"broken.counts_with_gradient", "parts_add_up", "counts with a gradient"},
    {"broken.undocumented", "is_documented", "margin"},
    {"broken.forbidden_default", "defaults_are_valid", "/margin"},
    {"broken.refuses_defaults", "can_be_made", "not today"},
    {"broken.rounds_default", "defaults_survive_json", "with margin = 0.1, the default in its schema"},
    {"broken.takes_unknown", "unknown_is_refused", "a parameter that it does not have"},
    {"broken.clamps", "forbidden_is_refused", "margin = -1.0, which its schema forbids"},
    {"broken.ignores_type", "wrong_type_is_refused", "margin = {}, which is no number"},
    {"broken.announces_other", "shape_is_as_announced", "output_dimension()"},
    {"broken.depends_on_batch", "rows_are_independent", "alone"},
    {"broken.hidden_state", "state_is_in_its_tensors", "when its tensors are restored"},
    {"broken.one_name_twice", "tensors_are_stable", "two tensors called weight"},
    {"broken.always_drops", "evaluation_is_deterministic", "two results"},
    {"broken.ignores_weight", "gradients_reach_everything", "weight"},
    {"broken.writes_to_embeddings", "leaves_its_input_alone", "changes the tensor"},
    {"broken.seven_numbers", "shape_is_as_announced", "but dimension() is 7"},
    {"broken.encoder_drops", "evaluation_is_deterministic", "two results"},
    {"broken.nameless_tensor", "tensors_are_stable", "a tensor without a name"},
    {"broken.copies_of_tensors", "state_is_in_its_tensors", "or return copies"},
    {"broken.writes_to_batch", "leaves_its_input_alone", "changes the batch"},
    {"broken.chain", "stages_make_a_chain", "stage by stage"},
    {"broken.keeps_its_input", "runs_side_by_side", "while other threads call it"},
    {"broken.batch_normalised", "samples_are_independent", "alone"},
    {"broken.float_picture", "gives_a_picture", "uint8"},
    {"broken.own_chance", "chance_is_the_hosts", "two pictures for one seed"},
    {"broken.denies_chance", "chance_is_the_hosts", "is_random() is false"},
    {"broken.writes_to_picture", "leaves_its_input_alone", "changes the picture"},
    {"broken.one_thread", "threads_may_share_it", "when several threads use it"},
    {"broken.divides_by_zero", "normalization_is_usable", "a deviation of 0"},
    {"broken.upper_case", "names_its_files", "\".GREY\", which is not in lower case"},
    {"broken.one_channel", "examples_become_pictures", "uint8 (H, W, 3) for example 0"},
    {"broken.takes_all", "recognizes_by_content", "recognizes 0 bytes that are no picture"},
    {"broken.nameless_refusal", "refuses_what_is_no_picture", "\"it is no grey row\", which does not name"},
    {"broken.reads_beyond", "survives_damage", "crashed"},
    {"broken.decodes_in_its_thread", "threads_may_share_it", "another picture of example 0"},
    {"broken.above_one", "stays_in_range", "gives numbers from 0 to"},
    {"broken.rank_that_rises", "stays_in_range", "says by higher_is_better()"},
    {"broken.hits_that_fall", "perfect_is_best", "better than the perfect one"},
    {"broken.shallow", "depth_suffices", "needs more neighbours than the 1"},
    {"broken.float_metric", "gives_a_number_per_query", "not float64"},
    {"broken.relative", "queries_are_independent", "alone"},
    {"broken.worst_first", "perfect_is_best", "better than the perfect one"},
    {"broken.both_ends", "worst_is_worst", "with all relevant ones at its end"},
    {"broken.needs_two", "takes_few_samples", "no value for two samples"},
    {"broken.one_and_a_half", "set_values_stay_in_range", "gives 1.5 for 60 samples"},
    {"broken.cost_below_zero", "set_values_stay_in_range", "gives -0.5 for 60 samples"},
    {"broken.first_rows", "sets_have_no_order", "in another order"},
    {"broken.sorts_ties", "ties_have_no_order", "at equal distances"},
    {"broken.first_tile", "tiles_do_not_matter", "with small tiles"},
    {"broken.by_classes", "sets_may_be_degenerate", "is infinite for one class"},
    {"broken.unknown_distance", "is_named", "hamming"},
    {"broken.empty", "has_samples", "has no sample to try"},
    {"broken.few_labels", "labels_match_its_size", "9 labels for 10 samples"},
    {"broken.no_bounds", "wrong_index_is_an_error", "sample -1 of 10"},
    {"broken.shared_buffer", "threads_may_read_at_random", "something else"},
    {"broken.new_fingerprint", "fingerprint_is_stable", "another fingerprint()"},
    {"broken.no_fields", "fields_are_named", "no fields()"},
    {"broken.other_first_field", "first_field_is_the_object", "another first field of sample 0"},
    {"broken.double_vectors", "objects_are_well_formed", "a vector that is not float32"},
    {"broken.other_matrix", "matrix_holds_the_objects", "another row 1"},
    {"broken.score_of_two", "pairs_are_well_formed", "the score 2 in pair 0"},
    {"broken.three_roles", "roles_match_its_size", "3 roles for 10 samples"},
    {"broken.learns_labels", "labels_stay", "once it has read objects"},
    {"broken.passes_over", "reading_repeats", "reads sample 3, which it failed to read before"},
    {"broken.out_of_range", "rows_are_in_range", "outside the data"},
    {"broken.own_dice", "batches_repeat", "other batches"},
    {"broken.first_half", "every_sample_gets_its_turn", "50 %"},
    {"broken.always_two", "few_samples_are_no_crash", "outside the data"},
    {"broken.all_of_a_class", "batches_are_p_x_k", "12 samples of a class in a batch, and \"samples\" is 3"},
    {"broken.unsorted", "queries_are_rows", "ascending"},
    {"broken.own_queries", "queries_repeat", "other queries"},
    {"broken.at_least_one", "few_samples_are_no_failure", "1 queries of 0 samples"},
    {"broken.invents_pairs", "keeps_pairs_of_the_batch", "a positive pair that is none"},
    {"broken.compares_anchors", "anchors_are_mined_alone", "where they come without the others"},
    {"broken.needs_negatives", "copes_with_the_edges", "there is no negative pair"},
    {"broken.clears_masks", "leaves_its_input_alone", "changes the tensors"},
    {"broken.counts_calls", "repeats_itself", "other pairs of the same batch"},
    {"broken.only_numbers", "follows_a_run", "validation/r_precision is no number"},
    {"broken.only_new_runs", "follows_a_resumed_run", "a run begins with epoch 1"},
    {"broken.needs_epochs", "ends_without_epochs", "there was no epoch"},
    {"broken.writes_history", "leaves_other_files_alone", "changes history.jsonl"},
    {"broken.nameless_distance", "distances_are_taken_or_named", "the distance manhattan with the sentence"},
    {"broken.farthest_first", "answers_are_well_formed", "does not give the nearest rows first"},
    {"broken.every_other", "finds_the_nearest", "says that it is exact and finds"},
    {"broken.guesses", "finds_the_nearest", "% of the 10 nearest rows by the distance"},
    {"broken.forgets_the_filter", "only_candidates_are_found", "finds a row that is no candidate"},
    {"broken.filters_too_late", "only_candidates_are_found", "where 200 of 2000 are candidates"},
    {"broken.wants_many", "few_rows_are_taken_or_counted", "does not say how many it needs"},
    {"broken.forgets_half", "saved_is_loaded_elsewhere", "finds other rows when it was saved"},
    {"broken.trusts_files", "damage_is_refused", "loads lengths.npy cut to 0"},
    {"broken.any_rows", "other_rows_are_refused", "with one row more"},
    {"broken.one_query_at_a_time", "threads_may_share_it", "when several threads search"},
    {"broken.normalises_in_place", "leaves_its_input_alone", "changes the queries"},
};

TEST(Conformance, every_broken_component_fails_its_rule_with_the_right_sentence) {
  const auto names_it = [](const std::string& component, const std::string& rule) {
    return std::any_of(std::begin(kFaults), std::end(kFaults), [&](const Fault& fault) {
      return component == fault.component && rule == fault.rule;
    });
  };
  const auto results = check_plugin(testing::fixture_file("broken"), {}, 3, names_it);
  for (const auto& fault : kFaults) {
    bool found = false;
    for (const auto& result : results) {
      if (result.component != fault.component || result.rule != fault.rule) continue;
      found = true;
      EXPECT_EQ(result.status, CheckStatus::failed) << fault.component << " " << fault.rule;
      EXPECT_THAT(result.text, HasSubstr(fault.text)) << fault.component;
    }
    EXPECT_TRUE(found) << fault.component << " " << fault.rule;
    EXPECT_STRNE(fault.text, "") << fault.component << ": which sentence?";
  }
}

TEST(Conformance, every_rule_has_a_broken_component) {
  std::set<std::string> tried;  // kinds have rules of one name: "loss repeats_itself", "miner repeats_itself"
  const auto catalog = Catalog::load_file(testing::fixture_file("broken"));
  for (const auto& info : catalog.components()) {
    for (const auto& fault : kFaults) {
      if (info.id != fault.component) continue;
      tried.insert(fault.rule);
      tried.insert(info.kind + " " + fault.rule);
    }
  }
  for (const auto& rule : parameter_rules()) EXPECT_EQ(tried.count(rule.name), 1U) << rule.name;
  for (const auto& [kind, checks] : checks_by_kind()) {
    for (const auto& rule : checks.rules)
      EXPECT_EQ(tried.count(kind + " " + rule.name), 1U) << kind << " " << rule.name;
  }
}

TEST(Conformance, a_good_plugin_passes_every_rule_of_every_kind) {
  std::set<std::string> kinds;
  for (const auto& result :
       check_plugin(testing::fixture_file("good"), {{"fixture.crop", {{"size", 1}}}}, 60)) {
    EXPECT_EQ(result.status, CheckStatus::passed)
        << result.component << " " << result.rule << ": " << result.text;
    kinds.insert(result.kind);
  }
  for (const auto& [kind, checks] : checks_by_kind()) EXPECT_EQ(kinds.count(kind), 1U) << kind;
}

/// A fixture, how long it is given, and what its one result says.
struct Moment {
  const char* plugin;
  int seconds;
  const char* text;
};

TEST(Conformance, a_plugin_that_fails_before_it_is_loaded_is_one_failed_check) {
  for (const auto& [plugin, seconds, text] : {Moment{"crash_at_load", 60, "crashed: Segmentation fault"},
                                              {"hang_at_load", 1, "did not end within 1 s"},
                                              {"crash_at_schema", 60, "crashed: Segmentation fault"},
                                              {"hang_at_schema", 1, "did not end within 1 s"}}) {
    const auto results = check_plugin(testing::fixture_file(plugin), {}, seconds);
    ASSERT_EQ(results.size(), 1U) << plugin;
    EXPECT_EQ(results.front().rule, "can_be_loaded") << plugin;
    EXPECT_EQ(results.front().status, CheckStatus::failed) << plugin;
    EXPECT_THAT(results.front().text, HasSubstr(text)) << plugin;
  }
}

TEST(Conformance, a_kind_that_no_host_asks_for_is_a_failed_check) {
  const auto results = check_plugin(testing::fixture_file("tag_same"), {}, 10);
  ASSERT_FALSE(results.empty());
  EXPECT_EQ(results.back().rule, "kind_is_known");
  EXPECT_EQ(results.back().status, CheckStatus::failed);
  EXPECT_THAT(results.back().text, HasSubstr("of the kind \"gadget\""));
}

TEST(Conformance, a_file_that_the_host_refuses_is_one_failed_check) {
  const auto results = check_plugin(testing::fixture_file("tag_torch"), {}, 10);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results.front().status, CheckStatus::failed);
  EXPECT_THAT(results.front().text, HasSubstr("KDP006"));
}

TEST(Conformance, what_needs_parameters_is_skipped_and_says_which) {
  const auto results = check_plugin(std::string(KINDRED_TEST_PLUGINS) + "/records.kindred.so", {}, 60);
  bool found = false;
  for (const auto& result : results) {
    if (result.component != "kindred.pairs_jsonl") continue;
    found = true;
    EXPECT_EQ(result.status, CheckStatus::skipped);
    EXPECT_THAT(result.text, HasSubstr("--params 'kindred.pairs_jsonl={...}'"));
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace kindred::host
