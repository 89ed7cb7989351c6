#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/evaluation/evaluation.hpp"
#include "host/report/query_table.hpp"

namespace kindred::host {

/// The queries that all of some tables have, by the name of the sample. One that a table has twice is left
/// out, since nothing tells which is which, and one that has another class in one of the tables, too: other
/// samples are relevant to it there.
struct MatchedQueries {
  std::vector<std::vector<size_t>> places;  ///< by table: where each of them stands there
  std::vector<size_t> left_out;             ///< by table: how many of its queries are none of them

  size_t count() const { return places.empty() ? 0 : places.front().size(); }
};

/// The order is that of the first table.
MatchedQueries match_queries(const std::vector<const QueryTable*>& tables);

/// What a metric gives by each table over those matched queries for which it is defined in all of them.
/// Classes are those of the first table. Empty where a table does not have the metric, or where no query is
/// left.
std::vector<MetricValue> matched_values(const std::vector<const QueryTable*>& tables,
                                        const MatchedQueries& matched, const std::string& side,
                                        const std::string& metric, bool higher_is_better);

/// The metrics of one side, "base" or "tuned".
const std::vector<QueryMetric>& metrics_of_side(const QueryTable& table, const std::string& side);

}  // namespace kindred::host
