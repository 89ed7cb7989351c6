#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kindred::host {

/// The file of a run that has a line for every test query.
inline constexpr const char* kQueryFile = "queries.csv";

/// The nearest neighbour of every query. All three are as long as there are queries, or empty where the file
/// does not have it.
struct NearestNeighbours {
  std::vector<std::string> samples, classes;
  std::vector<double> distances;  ///< NaN where a query has none
};

/// What one metric gave for every query: NaN where it is undefined.
struct QueryMetric {
  std::string name;  ///< as in result.json
  std::vector<double> values;
};

/// queries.csv: what was measured of every test query, encoders alone (base) and the trained model (tuned).
/// All vectors are in the order of the file.
struct QueryTable {
  std::vector<std::string> samples;  ///< names, as messages have them
  std::vector<int64_t> labels;
  std::vector<std::string> classes;  ///< class names, or labels where the data has no names
  std::vector<QueryMetric> base, tuned;
  NearestNeighbours base_nearest, tuned_nearest;
  std::vector<NearestNeighbours> base_further, tuned_further;  ///< the second nearest, the third, and so on

  /// Null where `side`, which is base or tuned, does not have the metric.
  static const QueryMetric* find(const std::vector<QueryMetric>& side, const std::string& metric);
};

/// Reads queries.csv of a run's folder. Throws Error with the line that is not as a run writes it.
QueryTable read_query_table(const std::string& run_folder);

}  // namespace kindred::host
