#pragma once

#include "host/check/rule.hpp"
#include "kindred/metric.hpp"

namespace kindred::host {

constexpr int64_t kQueries = 40, kNeighbours = 30;

/// Rankings of all other samples; query i has i % 6 relevant ones, placed at random, or first when `perfect`.
Ranking example_ranking(uint64_t seed, bool perfect = false);

/// Makes the ranking whose relevant neighbours are where `relevant`, bool (Q, K), says. K counts all
/// candidates.
Ranking ranking_of(const at::Tensor& relevant);

/// The values of queries that have something to find, float64.
at::Tensor counting(const at::Tensor& values, const Ranking& ranking);

/// Gives 60 samples of 6 classes, near their classes' centres.
EvaluatedSet example_set(uint64_t seed, double noise);

/// The set, and the same as a dataset of pairs: each sample with the sixth after it and with the next, scores
/// 1 within a class.
std::vector<EvaluatedSet> with_and_without_pairs(const EvaluatedSet& set);

/// A check for the metrics that give a number per query, or for those that give one of a whole set.
Rule metric_rule(bool of_set, const char* name, const char* promise, void (*check)(const Subject&));

/// The two halves of what a metric must obey.
std::vector<Rule> ranking_metric_rules();
std::vector<Rule> set_metric_rules();

}  // namespace kindred::host
