#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "host/check/examples/index_examples.hpp"
#include "host/check/rule.hpp"
#include "host/check/threads.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kRows = 2000, kQueries = 50, kNearest = 10;

/// The share of the nearest rows below which an index is of no use.
constexpr double kUsefulRecall = 0.5;

/// The first distance that the index takes.
Distance any_distance(const Subject& subject) { return distance_from_name(distances_of(subject).front()); }

void distances_are_taken_or_named(const Subject& subject) {
  std::string taken;
  for (const auto& name : distances_of(subject)) taken += (taken.empty() ? "" : ", ") + name;
  remark("takes " + taken);
}

void answers_are_well_formed(const Subject& subject) {
  for (const auto& name : distances_of(subject)) {
    for (const bool half : {false, true}) {
      const auto example = index_example(kRows, kQueries, distance_from_name(name), half);
      const auto index = built(subject, example.rows, distance_from_name(name));
      require(index->memory_bytes() >= 0, "takes {} bytes of memory", index->memory_bytes());
      for (const int64_t k : {int64_t{1}, kNearest, int64_t{100}})
        require_well_formed(index->search(example.queries, {k}), kQueries, kRows, {k});
      const auto one = example.queries.slice(0, 0, 1).contiguous();
      require_well_formed(index->search(one, {kNearest}), 1, kRows, {kNearest});
    }
  }
}

void finds_the_nearest(const Subject& subject) {
  double least = 1;
  for (const auto& name : distances_of(subject)) {
    for (const bool half : {false, true}) {
      const auto distance = distance_from_name(name);
      const auto example = index_example(kRows, kQueries, distance, half);
      const auto index = built(subject, example.rows, distance);
      const auto share =
          recall(index->search(example.queries, {kNearest}), true_distances(distance, example, {}), kNearest);
      require(!index->is_exact() || share == 1,
              "says that it is exact and finds {:.1f} % of the {} nearest rows by the distance {}",
              100 * share, kNearest, name);
      require(share >= kUsefulRecall, "finds {:.1f} % of the {} nearest rows by the distance {}", 100 * share,
              kNearest, name);
      least = std::min(least, share);
    }
  }
  remark(fmt::format("finds {:.1f} % of the {} nearest among {} rows", 100 * least, kNearest, kRows));
}

void only_candidates_are_found(const Subject& subject) {
  const auto distance = any_distance(subject);
  const auto example = index_example(kRows, kQueries, distance);
  const auto index = built(subject, example.rows, distance);
  for (const int64_t every : {int64_t{2}, int64_t{10}, int64_t{400}, kRows, kRows + 1}) {
    const auto candidates = at::arange(1, kRows + 1, at::kLong).remainder(every).eq(0);
    const IndexSearch request{kNearest, candidates};
    const auto found = index->search(example.queries, request);
    require_well_formed(found, kQueries, kRows, request);
    const auto there = std::min(kNearest, kRows / every);
    require(found_count(found).eq(there).all().item<bool>(),
            "finds {} rows where {} of {} are candidates and {} are asked for",
            found_count(found).min().item<int64_t>(), kRows / every, kRows, kNearest);
    const auto share = recall(found, true_distances(distance, example, candidates), kNearest);
    require(share >= (index->is_exact() ? 1 : kUsefulRecall),
            "finds {:.1f} % of the {} nearest where {} of {} rows are candidates", 100 * share, kNearest,
            kRows / every, kRows);
  }
}

void few_rows_are_taken_or_counted(const Subject& subject) {
  const auto distance = any_distance(subject);
  for (const int64_t count : {1, 2, 3, 17}) {
    const auto example = index_example(count, 3, distance);
    const auto index = subject.make<Index>();
    try {
      index->build(example.rows, distance);
    } catch (const std::exception& error) {
      const std::string sentence = error.what();
      require(std::any_of(sentence.begin(), sentence.end(), [](unsigned char c) { return std::isdigit(c); }),
              "refuses {} rows with the sentence \"{}\", which does not say how many it needs", count,
              sentence);
      continue;
    }
    const auto found = index->search(example.queries, {kNearest});
    require_well_formed(found, 3, count, {kNearest});
    require(found_count(found).eq(std::min(count, kNearest)).all().item<bool>(),
            "finds {} of {} rows when {} are asked for", found_count(found).min().item<int64_t>(), count,
            kNearest);
  }
}

void threads_may_share_it(const Subject& subject) {
  const auto distance = any_distance(subject);
  const auto example = index_example(kRows, kQueries, distance);
  const auto index = built(subject, example.rows, distance);
  const auto candidates = at::arange(kRows, at::kLong).remainder(3).eq(0);
  const auto all = index->search(example.queries, {kNearest});
  const auto some = index->search(example.queries, {kNearest, candidates});
  in_threads([&](int thread) {
    for (int round = 0; round < 4; ++round) {
      const bool filtered = (thread + round) % 2 == 0;
      const auto found = index->search(example.queries, {kNearest, filtered ? candidates : at::Tensor()});
      require(at::equal(found.rows, filtered ? some.rows : all.rows),
              "finds other rows when several threads search");
    }
  });
}

void leaves_its_input_alone(const Subject& subject) {
  const auto distance = any_distance(subject);
  const auto example = index_example(kRows, kQueries, distance);
  const auto rows = example.rows->all().clone(), queries = example.queries.clone();
  const auto candidates = at::arange(kRows, at::kLong).remainder(3).eq(0), before = candidates.clone();
  const auto index = built(subject, example.rows, distance);
  index->search(example.queries, {kNearest, candidates});
  require(at::equal(example.rows->all(), rows), "changes the rows");
  require(at::equal(example.queries, queries), "changes the queries");
  require(at::equal(candidates, before), "changes the candidates");
}

/// So few rows that an index finds them all, whichever way it goes.
Behaviour behaviour_of(Index& index) {
  for (const auto& name : distance_names()) {
    const auto distance = distance_from_name(name);
    const auto example = index_example(60, 5, distance);
    try {
      index.build(example.rows, distance);
    } catch (const std::exception&) {
      continue;  // another rule asks for its sentence
    }
    return {index.search(example.queries, {kNearest}).rows};
  }
  return {};
}

}  // namespace

template <>
KindChecks checks_of<Index>() {
  return kind_checks<Index>(
      behaviour_of,
      joined(
          {
              {"distances_are_taken_or_named", "a distance is taken, or refused by a sentence that names it",
               distances_are_taken_or_named},
              {"answers_are_well_formed",
               "what is found is as Neighbours says, over float32 and float16 rows", answers_are_well_formed},
              {"finds_the_nearest",
               "what is_exact() finds what comparing with each row finds, others half of it",
               finds_the_nearest},
              {"only_candidates_are_found",
               "candidates alone are found, and as many as there are or are asked for",
               only_candidates_are_found},
              {"few_rows_are_taken_or_counted",
               "few rows are taken, or refused by a sentence that says how many it needs",
               few_rows_are_taken_or_counted},
              {"threads_may_share_it", "8 threads find what one finds", threads_may_share_it},
              {"leaves_its_input_alone", "rows, queries and candidates stay as they are",
               leaves_its_input_alone},
          },
          index_file_rules()));
}

}  // namespace kindred::host
