#include "host/engine/measure.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "host/support/log.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

}  // namespace

RetrievalTask measured_task(const Dataset& dataset, const std::vector<int64_t>& rows, EvalSampler* sampler,
                            const Pipeline& pipeline) {
  return retrieval_task(dataset, rows, sampler, static_cast<uint64_t>(pipeline.root.seed),
                        pipeline.evaluate.pair_candidates == "all");
}

Measured measure(const at::Tensor& embeddings, const RetrievalTask& task,
                 const std::vector<std::shared_ptr<Metric>>& metrics, const Pipeline& pipeline) {
  EvaluationOptions options;
  options.seed = static_cast<uint64_t>(pipeline.root.seed);
  options.bootstrap_samples = pipeline.evaluate.bootstrap_samples;
  options.tile_bytes = pipeline.evaluate.tile_mebibytes << 20;
  Measured out;
  for (const auto& one : evaluate_metrics(embeddings, task, metrics, options)) {
    out.values[one.name] = number_or_null(one.mean);
    out.details[one.name] = {
        {"mean", number_or_null(one.mean)},
        {"macro", number_or_null(one.macro)},
        {"pooled", number_or_null(one.pooled)},
        {"interval_95", {number_or_null(one.interval_low), number_or_null(one.interval_high)}},
        {"views", pipeline.evaluate.test_views},
        {"queries", one.queries},
        {"singletons", one.singletons}};
    if (!std::isfinite(one.mean)) {
      log_warning(
          fmt::format("{} is undefined: {}", one.name,
                      one.by_class.empty() && one.queries > 0
                          ? "the test samples do not have what it needs, such as pairs or several classes"
                          : "no query has a relevant candidate"));
    }
    if (!one.by_class.empty()) out.by_class[one.name] = one.by_class;
  }
  return out;
}

json per_class_table(const Measured& base, const Measured& tuned, const Dataset& dataset) {
  const auto names = dataset.class_names();
  const auto side = [&](const Measured& measured) {
    json out = json::object();
    for (const auto& [metric, classes] : measured.by_class) {
      for (const auto& [label, mean] : classes) {
        const auto index = static_cast<size_t>(label);
        out[metric][index < names.size() ? names[index] : std::to_string(label)] = mean;
      }
    }
    return out;
  };
  return {{"base", side(base)}, {"tuned", side(tuned)}};
}

void check_finite(const at::Tensor& embeddings, const Dataset& dataset, const std::vector<int64_t>& samples) {
  if (embeddings.numel() == 0) return;
  const auto bad = embeddings.isfinite().all(1).logical_not().nonzero();
  if (bad.size(0) == 0) return;
  const auto first = static_cast<size_t>(bad[0].item<int64_t>());
  throw Error(fmt::format(
      "the embedding of {} has a number that is not finite, and {} of {} samples have such ones; look at the "
      "sample and at the encoder's weights",
      dataset.sample_name(samples.at(first)), bad.size(0), embeddings.size(0)));
}

std::string metrics_table(const json& metrics) {
  const auto cell = [](const json& value) {
    return value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : "-";
  };
  std::string text = fmt::format("{:<28} {:>8} {:>8} {:>8}\n", "unseen classes", "base", "tuned", "ratio");
  for (const auto& [name, tuned] : metrics.at("tuned").items()) {
    const auto base = metrics.at("base").value(name, json());
    const bool ratio = base.is_number() && tuned.is_number() && base.get<double>() > 0;
    text += fmt::format("{:<28} {:>8} {:>8} {:>8}\n", name, cell(base), cell(tuned),
                        ratio ? fmt::format("{:.2f}x", tuned.get<double>() / base.get<double>()) : "-");
  }
  return text;
}

}  // namespace kindred::host
