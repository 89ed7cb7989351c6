#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "component.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/eval_sampler.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {

std::vector<int64_t> values(const at::Tensor& tensor) {
  const auto plain = tensor.contiguous();
  return {plain.data_ptr<int64_t>(), plain.data_ptr<int64_t>() + plain.numel()};
}

/// Class c has sizes[c] samples, interleaved.
at::Tensor labels_with(const std::vector<int64_t>& sizes) {
  std::vector<int64_t> labels;
  for (int64_t round = 0; round < 1000; ++round) {
    for (size_t c = 0; c < sizes.size(); ++c) {
      if (round < sizes[c]) labels.push_back(static_cast<int64_t>(c));
    }
  }
  return at::tensor(labels, at::kLong);
}

TEST(PKSampler, shows_every_sample_in_batches_of_p_classes_and_k_samples) {
  const auto labels = labels_with({7, 8, 9, 4, 3, 1, 12});
  const auto sampler = testing::make<BatchSampler>("core", "kindred.p_k", {{"classes", 3}, {"samples", 4}});
  std::set<int64_t> seen;
  const auto batches = sampler->batches(labels, 42, 0);
  for (const auto& batch : batches) {
    std::map<int64_t, std::set<int64_t>> by_class;
    const auto rows = values(batch);
    for (const auto row : rows) by_class[labels[row].item<int64_t>()].insert(row);
    EXPECT_LE(by_class.size(), 3u);
    EXPECT_GE(by_class.size(), 2u);
    size_t distinct = 0;
    for (const auto& [label, members] : by_class) {
      EXPECT_EQ(members.size(), label == 4 ? 3u : 4u) << "class 4 has three samples only";
      distinct += members.size();
    }
    EXPECT_EQ(distinct, rows.size()) << "no sample twice in a batch";
    seen.insert(rows.begin(), rows.end());
  }
  EXPECT_GE(seen.size(), 35u);
  for (const auto row : seen)
    EXPECT_NE(labels[row].item<int64_t>(), 5) << "a class of one sample forms no pair";
}

TEST(PKSampler, repeats_by_seed_and_epoch_and_gives_as_many_batches_as_asked) {
  const auto labels = labels_with({10, 10, 10, 10});
  const auto sampler =
      testing::make<BatchSampler>("core", "kindred.p_k", {{"classes", 2}, {"samples", 3}, {"batches", 17}});
  const auto a = sampler->batches(labels, 1, 5), b = sampler->batches(labels, 1, 5),
             c = sampler->batches(labels, 1, 6);
  ASSERT_EQ(a.size(), 17u);
  bool differs = false;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(at::equal(a[i], b[i]));
    differs = differs || !at::equal(a[i], c[i]);
  }
  EXPECT_TRUE(differs);
}

TEST(PKSampler, needs_two_classes_with_pairs) {
  const auto sampler = testing::make<BatchSampler>("core", "kindred.p_k");
  EXPECT_THROW(sampler->batches(labels_with({5, 1, 1}), 1, 0), std::exception);
}

TEST(ClassBalancedSampler, shows_small_classes_as_often_as_large_ones) {
  const auto labels = labels_with({400, 40, 4});
  const auto sampler = testing::make<BatchSampler>("core", "kindred.class_balanced", {{"batch_size", 50}});
  std::map<int64_t, int64_t> shown, rows_of_the_large;
  int64_t total = 0;
  for (int64_t epoch = 0; epoch < 20; ++epoch) {
    for (const auto& batch : sampler->batches(labels, 3, epoch)) {
      EXPECT_LE(batch.numel(), 50);
      for (const auto row : values(batch)) {
        ++shown[labels[row].item<int64_t>()];
        if (labels[row].item<int64_t>() == 0) ++rows_of_the_large[row];
        ++total;
      }
    }
  }
  EXPECT_EQ(total, 20 * 444);
  for (const auto& [label, count] : shown)
    EXPECT_NEAR(static_cast<double>(count), 20 * 444 / 3.0, 270) << label;
  EXPECT_GT(rows_of_the_large.size(), 390U) << "samples of a class take turns";
}

TEST(HardClassSampler, brings_classes_together_that_are_near) {
  // Classes on a circle: 2 c and 2 c + 1 are neighbours, pairs are far apart.
  const auto labels = labels_with({6, 6, 6, 6, 6, 6, 6, 6});
  std::vector<float> means;
  for (int c = 0; c < 8; ++c) {
    const double angle = (c / 2) * 1.5 + (c % 2) * 0.1;
    means.push_back(static_cast<float>(std::cos(angle)));
    means.push_back(static_cast<float>(std::sin(angle)));
  }
  const auto sampler =
      testing::make<BatchSampler>("core", "kindred.hard_class",
                                  {{"classes", 4}, {"samples", 3}, {"neighbours", 1}, {"refresh_epochs", 2}});
  EXPECT_EQ(sampler->refresh_epochs(), 2);
  const auto classes = [&](const at::Tensor& batch) {
    std::map<int64_t, std::set<int64_t>> out;
    for (const auto row : values(batch)) out[labels[row].item<int64_t>()].insert(row);
    return out;
  };
  for (const auto& batch : sampler->batches(labels, 1, 0))
    EXPECT_EQ(classes(batch).size(), 4U) << "without means";
  sampler->see_class_means(at::arange(8, at::kLong), at::tensor(means).view({8, 2}));
  std::set<int64_t> begun;
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    for (const auto& batch : sampler->batches(labels, 1, epoch)) {
      const auto members = classes(batch);
      EXPECT_EQ(members.size(), 4U);
      for (const auto& [label, rows] : members) {
        EXPECT_EQ(rows.size(), 3U);
        EXPECT_TRUE(members.count(label ^ 1)) << label << " comes with its neighbour";
        begun.insert(label);
      }
    }
  }
  EXPECT_EQ(begun.size(), 8U) << "every class has its turn";
}

/// A sampler whose classes 0 to 11 have the super classes 7, 7, 7, 7, 8, 8, 8, 9, 9, 9, 9, 5.
std::shared_ptr<BatchSampler> hierarchical(
    const nlohmann::json& more = nlohmann::json::object(),
    const std::string& file = "7\n7\n7\n7\n8\n8\n 8 \r\n9\n9\n9\n9\n5\n\n") {
  const testing::TemporaryFolder folder("hierarchical");
  write_file_atomically(folder / "super.txt", file);
  nlohmann::json params = {
      {"super_classes_file", folder / "super.txt"}, {"batch_size", 8}, {"samples", 2}, {"super_classes", 2}};
  params.update(more);
  return testing::make<BatchSampler>("core", "kindred.hierarchical", params);
}

int64_t super_class(int64_t label) { return label < 4 ? 7 : label < 7 ? 8 : label < 11 ? 9 : 5; }

TEST(HierarchicalSampler, shows_every_sample_in_batches_of_super_classes_and_their_classes) {
  const auto labels = labels_with({9, 8, 7, 6, 9, 8, 7, 3, 4, 5, 6, 5});
  const auto sampler = hierarchical();
  std::set<int64_t> seen;
  size_t full = 0, two_of_one = 0;
  for (const auto& batch : sampler->batches(labels, 4, 0)) {
    std::map<int64_t, std::map<int64_t, std::set<int64_t>>> members;  // super class, class
    const auto rows = values(batch);
    for (const auto row : rows) {
      const auto label = labels[row].item<int64_t>();
      members[super_class(label)][label].insert(row);
    }
    EXPECT_LE(members.size(), 2U);
    size_t classes = 0, distinct = 0;
    for (const auto& [super, of_it] : members) {
      classes += of_it.size();
      two_of_one += of_it.size() >= 2;
      for (const auto& [label, samples] : of_it) {
        EXPECT_EQ(samples.size(), 2U);
        distinct += samples.size();
      }
    }
    EXPECT_GE(classes, 2U);
    EXPECT_LE(classes, 4U);
    EXPECT_EQ(distinct, rows.size()) << "no sample twice in a batch";
    full += rows.size() == 8;
    seen.insert(rows.begin(), rows.end());
  }
  EXPECT_GE(seen.size(), 75U) << "of 77; a class that is left alone at the end is not shown";
  EXPECT_GE(full, 8U);
  EXPECT_GE(two_of_one, 12U) << "classes of one super class meet";
}

TEST(HierarchicalSampler, repeats_by_seed_and_epoch_and_reads_json) {
  const auto labels = labels_with({9, 8, 7, 6, 9, 8, 7, 3, 4, 5, 6, 5});
  const auto sampler = hierarchical(),
             other = hierarchical(nlohmann::json::object(), "[7, 7, 7, 7, 8, 8, 8, 9, 9, 9, 9, 5]");
  sampler->batches(labels, 4, 3);
  const auto a = at::cat(sampler->batches(labels, 4, 1));
  EXPECT_TRUE(at::equal(a, at::cat(other->batches(labels, 4, 1))));
  EXPECT_FALSE(at::equal(a, at::cat(sampler->batches(labels, 4, 2))));
  EXPECT_FALSE(at::equal(a, at::cat(sampler->batches(labels, 5, 1))));
}

TEST(HierarchicalSampler, says_what_is_wrong_with_its_file) {
  using ::testing::HasSubstr;
  const auto made = [](const std::string& file) {
    return testing::thrown([&] { hierarchical(nlohmann::json::object(), file); });
  };
  EXPECT_THAT(made("1\n2\ncar\n"), HasSubstr("line 3"));
  EXPECT_THAT(made("1\n2\ncar\n"), HasSubstr("\"car\", no integer"));
  EXPECT_THAT(made("1\n\n2\n"), HasSubstr("line 2"));
  EXPECT_THAT(made("[1, 2.5]"), HasSubstr("entry 1"));
  EXPECT_THAT(made("[1, 2"), HasSubstr("cannot be read"));
  EXPECT_THAT(made(" \n"), HasSubstr("is empty"));
  const auto few = testing::thrown([] {
    hierarchical(nlohmann::json::object(), "1\n2\n")->batches(labels_with({3, 3, 3}), 1, 0);
  });
  EXPECT_THAT(few,
              HasSubstr("super.txt has the super classes of 2 classes, labels 0 to 1, but the training data "
                        "has label 2"));
  EXPECT_THAT(testing::thrown([] {
                hierarchical({{"super_classes", 5}});
              }),
              HasSubstr("no room for 5 classes"));
  EXPECT_THAT(testing::thrown([] { testing::make<BatchSampler>("core", "kindred.hierarchical"); }),
              HasSubstr("\"super_classes_file\" is required"));
}

TEST(FixedSetSampler, shows_the_same_triplets_in_every_epoch) {
  const auto labels = labels_with({5, 4, 1, 3});
  const auto sampler = testing::make<BatchSampler>("core", "kindred.fixed_set", {{"batch_size", 10}});
  const auto set_of = [&](int64_t epoch) {
    std::multiset<std::vector<int64_t>> set;
    for (const auto& batch : sampler->batches(labels, 9, epoch)) {
      const auto rows = values(batch);
      EXPECT_LE(rows.size(), 9U);
      EXPECT_EQ(rows.size() % 3, 0U);
      for (size_t i = 0; i < rows.size(); i += 3) {
        const auto label = [&](size_t k) { return labels[rows[i + k]].item<int64_t>(); };
        EXPECT_NE(rows[i], rows[i + 1]);
        EXPECT_EQ(label(0), label(1));
        EXPECT_NE(label(0), label(2));
        set.insert({rows[i], rows[i + 1], rows[i + 2]});
      }
    }
    return set;
  };
  EXPECT_EQ(set_of(0).size(), 12U) << "the sample without a partner begins none";
  EXPECT_EQ(set_of(0), set_of(7));
  EXPECT_FALSE(at::equal(sampler->batches(labels, 9, 0)[0], sampler->batches(labels, 9, 1)[0]));
}

TEST(ShuffleSampler, is_a_permutation_that_changes_with_the_epoch) {
  const auto labels = at::zeros({103}, at::kLong);
  const auto sampler = testing::make<BatchSampler>("core", "kindred.shuffle", {{"batch_size", 10}});
  const auto first = sampler->batches(labels, 9, 0);
  ASSERT_EQ(first.size(), 11u);
  EXPECT_EQ(first.back().numel(), 3);
  const auto all = at::cat(first);
  EXPECT_TRUE(at::equal(std::get<0>(all.sort()), at::arange(103, at::kLong)));
  EXPECT_FALSE(at::equal(all, at::cat(sampler->batches(labels, 9, 1))));
  EXPECT_TRUE(at::equal(all, at::cat(sampler->batches(labels, 9, 0))));
  const auto dropping =
      testing::make<BatchSampler>("core", "kindred.shuffle", {{"batch_size", 10}, {"drop_last", true}});
  EXPECT_EQ(dropping->batches(labels, 9, 0).size(), 10u);
}

TEST(SequentialSampler, keeps_the_order) {
  const auto sampler = testing::make<BatchSampler>("core", "kindred.sequential", {{"batch_size", 4}});
  EXPECT_TRUE(
      at::equal(at::cat(sampler->batches(at::zeros({10}, at::kLong), 1, 3)), at::arange(10, at::kLong)));
}

TEST(GroupSampler, draws_distinct_queries) {
  const auto labels = labels_with({5, 1, 6, 1, 1, 9});
  const auto sampler = testing::make<EvalSampler>("core", "kindred.group", {{"queries", 8}});
  const auto rows = values(sampler->queries(labels, 3));
  ASSERT_EQ(rows.size(), 8u);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  EXPECT_EQ(std::set<int64_t>(rows.begin(), rows.end()).size(), 8u);
  EXPECT_EQ(values(sampler->queries(labels, 3)), rows);
  EXPECT_NE(values(sampler->queries(labels, 4)), rows);
  const auto many = testing::make<EvalSampler>("core", "kindred.group", {{"queries", 1000}});
  EXPECT_EQ(values(many->queries(labels, 3)).size(), 23u);
  EXPECT_EQ(many->queries(at::empty({0}, at::kLong), 3).numel(), 0);
  const auto all = testing::make<EvalSampler>("core", "kindred.all");
  EXPECT_EQ(all->queries(labels, 1).numel(), 23);
}

}  // namespace
}  // namespace kindred
