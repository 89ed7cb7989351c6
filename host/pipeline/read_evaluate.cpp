#include "host/options/views.hpp"
#include "host/pipeline/read_sections.hpp"

namespace kindred::host {
using nlohmann::json;

void read_evaluate(SectionReader& reader, const json& value, Pipeline& p, json& out) {
  const auto section = reader.section<EvaluateSection>(value, "/evaluate", &out["evaluate"]);
  auto& evaluate = out["evaluate"];
  static_cast<EvaluationKeys&>(p.evaluation) = section;
  p.evaluation.test_views.clear();
  for (const auto& name : section.test_views) p.evaluation.test_views.push_back(view_from_name(name));
  if (section.test_views.empty()) {
    reader.issue("/evaluate/test_views", "at least one view is needed, such as [\"plain\"]");
  }
  p.metrics = reader.components(section.metrics, "metric", "/evaluate/metrics", &evaluate["metrics"]);
  if (p.metrics.empty() && !section.metrics.is_null()) {
    reader.issue("/evaluate/metrics", "at least one metric is needed, such as [{\"type\": \"r_precision\"}]");
  }
  if (!section.eval_sampler.is_null()) {
    p.eval_sampler = reader.component(section.eval_sampler, "eval_sampler", "/evaluate/eval_sampler",
                                      &evaluate["eval_sampler"]);
  }
}

}  // namespace kindred::host
