#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/report/query_table.hpp"
#include "host/report/run_report/report_objects.hpp"
#include "host/report/run_report/run_report.hpp"

/// The parts of a run's report. Each gives the HTML within its section, or "" where the run has nothing that
/// it could show.
namespace kindred::host {

/// What the sections share.
struct ReportParts {
  const ReportSource& source;
  std::optional<QueryTable> queries;  ///< where the run has them
  nlohmann::json map;                 ///< map.json; {} where there is none
  std::vector<std::string> metrics;   ///< names in the order of the pipeline, as far as it is known
  ReportObjects& objects;

  const nlohmann::json& result() const { return source.run.result; }
  /// Says whether classes say what is relevant; of pairs it is the partner.
  bool by_class() const { return !map.value("pairs", false); }
  /// The first metric that both sides have for every query; "" where there is none.
  std::string main_metric() const;
  bool higher_is_better(const std::string& metric) const;
};

/// "0.1234", or "-" for what is no number.
std::string figure(double value);
std::string figure(const nlohmann::json& value);

std::string asked_section(const ReportParts& parts);       ///< the pipeline, and what of it was chosen
std::string data_section(const ReportParts& parts);        ///< samples and classes of each side
std::string curves_section(const ReportParts& parts);      ///< of the epochs
std::string tiles(const ReportParts& parts);               ///< the metrics at a glance
std::string comparison_section(const ReportParts& parts);  ///< base against tuned
std::string classes_section(const ReportParts& parts);     ///< which classes became better and worse
std::string retrieval_section(const ReportParts& parts);   ///< some queries and what is found
std::string confusions_section(const ReportParts& parts);  ///< which classes are taken for each other
std::string map_section(const ReportParts& parts);         ///< the test embeddings in the plane
std::string costs_section(const ReportParts& parts);       ///< time, memory, machine, versions
std::string warnings_section(const ReportParts& parts);

}  // namespace kindred::host
