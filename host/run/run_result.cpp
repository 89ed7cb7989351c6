#include "host/run/run_result.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "host/base/clock.hpp"
#include "host/base/processors.hpp"
#include "host/base/system_info.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

json data_of(const RunMaterial& material) {
  const auto& dataset = material.dataset;
  const auto side = [&](const std::vector<SampleIndex>& rows) {
    return json{{"samples", rows.size()}, {"groups", dataset ? count_groups(dataset->labels(), rows) : 0}};
  };
  const auto skipped = material.skips ? material.skips->all() : std::vector<SkippedSample>{};
  json data = {{"train", side(material.split.train)},
               {"validation", side(material.split.validation)},
               {"test", side(material.split.test)},
               {"skipped", skipped.size()},
               {"skipped_samples", json::array()}};
  if (material.duplicates.is_object()) data["duplicates"] = material.duplicates;
  for (const auto& one : skipped) {
    data["skipped_samples"].push_back({{"name", one.name}, {"message", one.message}});
  }
  return data;
}

}  // namespace

const char* status_name(RunStatus status) {
  switch (status) {
    case RunStatus::completed:
      return "completed";
    case RunStatus::interrupted:
      return "interrupted";
    case RunStatus::failed:
      break;
  }
  return "failed";
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

RunResult::RunResult() : start_(now_seconds()), phase_start_(start_) {
  body_["timings"] = {{"encode_seconds", 0.0},       {"encode_images_per_second", 0.0},
                      {"cache_hit", false},          {"epochs", 0},
                      {"epoch_seconds_median", 0.0}, {"train_seconds", 0.0},
                      {"evaluate_seconds", 0.0},     {"total_seconds", 0.0}};
  body_["metrics"] = {{"base", json::object()}, {"tuned", json::object()}};
}

void RunResult::encoded(const FeatureStore::Timings& took) {
  auto& timings = body_["timings"];
  timings["encode_seconds"] = took.seconds;
  timings["encode_images_per_second"] = took.samples_per_second;
  timings["cache_hit"] = took.cache_hit;
}

void RunResult::fitted(double seconds) {
  auto& timings = body_["timings"];
  timings["fit_seconds"] = timings.value("fit_seconds", 0.0) + seconds;
}

void RunResult::trained(const TrainReport& report) {
  body_["training"] = {
      {"best_epoch", report.best_epoch},
      {"monitor", report.monitor},
      {"best_value", std::isfinite(report.best_value) ? json(report.best_value) : json(nullptr)},
      {"stopped_early", report.stopped_early}};
  auto& timings = body_["timings"];
  timings["epochs"] = report.epochs;
  timings["epoch_seconds_median"] = median(report.epoch_seconds);
  timings["train_seconds"] = report.train_seconds;
  timings["steps_per_second"] =
      report.step_seconds > 0 ? static_cast<double>(report.steps) / report.step_seconds : 0.0;
}

void RunResult::measured(const std::string& side, const Measured& values) {
  body_["metrics"][side] = values.values();
  body_["metric_details"][side] = values.details();
}

void RunResult::phase_ended(const std::string& name) {
  const double now = now_seconds();
  body_["phases"].push_back(
      {{"name", name}, {"seconds", now - phase_start_}, {"peak_rss_bytes", peak_resident_bytes()}});
  phase_start_ = now;
}

void RunResult::write(const std::string& folder, RunStatus status, const std::string& error,
                      const RunMaterial& material, at::Device device) {
  body_["kindred"] = 1;
  body_["status"] = status_name(status);
  if (!error.empty()) body_["error"] = error;
  body_["device"] = device.str();
  body_["threads"] = at::get_num_threads();
  body_["machine"] = {
      {"processor", cpu_model()}, {"cores", usable_processors()}, {"memory_bytes", physical_memory_bytes()}};
  const auto& model = material.model;
  if (model.learns()) {
    const bool bfloat16 =
        std::any_of(model.encoders.begin(), model.encoders.end(),
                    [](const EncoderPart& one) { return one.training_dtype == at::kBFloat16; });
    body_["training_precision"] = bfloat16 ? "bfloat16" : "float32";
  }
  body_["data"] = data_of(material);
  body_["warnings"] = warnings_;
  body_["timings"]["total_seconds"] = now_seconds() - start_;
  body_["peak_rss_bytes"] = peak_resident_bytes();
  write_file_atomically((std::filesystem::path(folder) / "result.json").string(), json_text(body_, 2) + "\n");
}

}  // namespace kindred::host
