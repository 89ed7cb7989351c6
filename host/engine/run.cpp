#include "host/engine/run.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "host/engine/class_split.hpp"
#include "host/engine/components.hpp"
#include "host/engine/device.hpp"
#include "host/engine/encode.hpp"
#include "host/engine/frozen_training_data.hpp"
#include "host/engine/learning_training_data.hpp"
#include "host/engine/measure.hpp"
#include "host/engine/retrieval_picture.hpp"
#include "host/engine/run_folder.hpp"
#include "host/engine/servable.hpp"
#include "host/engine/trainer.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/guarded_call.hpp"
#include "host/pipeline/issue.hpp"
#include "host/support/clock.hpp"
#include "host/support/interrupt.hpp"
#include "host/support/log.hpp"
#include "host/support/progress.hpp"
#include "host/support/system_info.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// One execution. The steps run in order and fill the result as they go, so that whatever happens the
/// result file says how far it came.
class Run {
 public:
  Run(const Pipeline& pipeline, const Catalog& catalog, const RunOptions& options)
      : pipeline_(pipeline),
        catalog_(catalog),
        options_(options),
        device_(device_from_name(pipeline.root.device)) {}

  RunOutcome execute();

 private:
  void prepare();
  void encode_frozen();
  void keep_readable(std::vector<int64_t>& rows) const;
  void check_skipped();
  void train();
  void measure_tuned();
  void write_result(const std::string& status, const std::string& error = {});
  at::Tensor labels_of(const std::vector<int64_t>& rows) const;
  at::Tensor base_embeddings(const std::vector<int64_t>& rows) const;
  at::Tensor tuned_embeddings(std::vector<int64_t>& rows);
  bool learns() const { return pipeline_.encoder.options.trainable; }

  const Pipeline& pipeline_;
  const Catalog& catalog_;
  const RunOptions& options_;
  at::Device device_;
  double start_ = now_seconds();
  std::string folder_;
  Components parts_;
  std::shared_ptr<Dataset> dataset_;
  ClassSplit split_;
  Model model_;
  EncodedDataset encoded_;  ///< frozen: of everything; learning: of the test rows before training
  at::Tensor base_test_, tuned_test_;
  std::unique_ptr<LearningTrainingData> learning_;
  json result_ = json::object();
  std::vector<std::string> warnings_;
  bool interrupted_ = false;
};

void Run::prepare() {
  folder_ = options_.resume ? fs::absolute(options_.folder).string()
                            : create_run_folder(pipeline_, options_.folder);
  if (options_.resume && !fs::exists(fs::path(folder_) / "pipeline.json")) {
    throw Error(folder_ + " holds no run that could be continued");
  }
  add_log_file((fs::path(folder_) / "log.txt").string());
  write_file_atomically((fs::path(folder_) / "pipeline.json").string(),
                        resolved_pipeline(pipeline_, catalog_).dump(2) + "\n");
  log_info(fmt::format("run folder {}", folder_));
  parts_ = make_components(catalog_, pipeline_);
  dataset_ = catalog_.create<Dataset>(*pipeline_.dataset.info, pipeline_.dataset.params);
  split_ = split_classes(dataset_->labels(), pipeline_);
  log_info(fmt::format(
      "data: {} samples; train {} ({} classes), validation {} ({} classes){}, test {} ({} classes)",
      dataset_->size(), split_.train.size(), count_groups(dataset_->labels(), split_.train),
      split_.validation.size(), count_groups(dataset_->labels(), split_.validation),
      split_.validation_is_test ? " = test" : "", split_.test.size(),
      count_groups(dataset_->labels(), split_.test)));
  if (split_.validation_is_test) {
    warnings_.push_back(
        "validation is the test classes: early stopping sees what is measured at the end, so the "
        "result is optimistic");
    log_warning(warnings_.back());
  }
  const auto matrix = dataset_->matrix();
  const int64_t input_dimension = matrix.defined() ? matrix.size(1) : 0;
  model_ = make_model(catalog_, pipeline_, input_dimension, true);
  if (model_.encoder->object_kind() != dataset_->object_kind()) {
    throw PipelineError(
        {{pipeline_.file, pipeline_.encoder.pointer,
          fmt::format("{} reads {}, but {} gives {}", pipeline_.encoder.info->id,
                      model_.encoder->object_kind() == ObjectKind::image ? "pictures" : "vectors",
                      pipeline_.dataset.info->id,
                      dataset_->object_kind() == ObjectKind::image ? "pictures" : "vectors")}});
  }
  move_to(module_tensors(*model_.encoder), device_);
  move_to(head_tensors(model_), device_);
  log_info(fmt::format("{}", model_summary(model_, learns())));
}

void Run::encode_frozen() {
  EncodeOptions options{pipeline_.cache, device_, pipeline_.data.threads, options_.quiet};
  encoded_ = encode_dataset(*dataset_, pipeline_.dataset.info->id, parts_.transforms,
                            pipeline_.resolved["data"]["transforms"].dump(), model_,
                            encoder_description(pipeline_.encoder), options);
  check_skipped();
  keep_readable(split_.train);
  keep_readable(split_.validation);
  keep_readable(split_.test);
}

void Run::keep_readable(std::vector<int64_t>& rows) const {
  std::vector<bool> bad(static_cast<size_t>(dataset_->size()));
  for (const auto& one : encoded_.skipped) bad[static_cast<size_t>(one.index)] = true;
  rows.erase(
      std::remove_if(rows.begin(), rows.end(), [&](int64_t row) { return bad[static_cast<size_t>(row)]; }),
      rows.end());
}

void Run::check_skipped() {
  for (const auto& one : encoded_.skipped) log_warning(fmt::format("skipped {}: {}", one.name, one.message));
  if (encoded_.skipped.empty()) return;
  const auto& first = encoded_.skipped.front();
  if (pipeline_.data.on_error == "fail") {
    throw Error(fmt::format("{} cannot be read: {} (data.on_error is \"fail\")", first.name, first.message));
  }
  const double share = static_cast<double>(encoded_.skipped.size()) / static_cast<double>(dataset_->size());
  if (share > pipeline_.data.max_skipped) {
    throw Error(fmt::format(
        "{} of {} samples cannot be read, more than data.max_skipped = {} allows; the first is {}: {}",
        encoded_.skipped.size(), dataset_->size(), pipeline_.data.max_skipped, first.name, first.message));
  }
}

at::Tensor Run::labels_of(const std::vector<int64_t>& rows) const {
  auto out = at::empty({static_cast<int64_t>(rows.size())}, at::kLong);
  auto* values = out.data_ptr<int64_t>();
  for (size_t i = 0; i < rows.size(); ++i) values[i] = dataset_->labels()[static_cast<size_t>(rows[i])];
  return out;
}

at::Tensor Run::base_embeddings(const std::vector<int64_t>& rows) const {
  return encoded_.embeddings.index_select(0, at::tensor(rows, at::kLong)).to(at::kFloat).to(device_);
}

void Run::train() {
  Trainer::Parts parts;
  parts.metrics = parts_.metrics;
  if (pipeline_.has_train) {
    Site site;
    site.input_dimension = model_.output_dimension;
    site.classes = count_groups(dataset_->labels(), split_.train);
    site.seed = static_cast<uint64_t>(pipeline_.root.seed);
    parts.loss = catalog_.create<Loss>(*pipeline_.loss.info, pipeline_.loss.params, site);
    parts.loss_id = pipeline_.loss.info->id;
    parts.loss_plugin = pipeline_.loss.info->plugin_id;
    move_to(module_tensors(*parts.loss), device_);
    parts.sampler = parts_.batch_sampler;
    parts.sampler_id = pipeline_.batch_sampler.info->id;
    parts.sampler_plugin = pipeline_.batch_sampler.info->plugin_id;
  }
  std::unique_ptr<FrozenTrainingData> frozen;
  TrainingData* data = learning_.get();
  if (!learns()) {
    frozen = std::make_unique<FrozenTrainingData>(base_embeddings(split_.train), labels_of(split_.train),
                                                  base_embeddings(split_.validation),
                                                  labels_of(split_.validation));
    data = frozen.get();
  }
  const double fit_start = now_seconds();
  const bool fits = std::any_of(model_.heads.begin(), model_.heads.end(),
                                [](const HeadStage& stage) { return stage.head->needs_fit(); });
  if (fits) {
    model_.fit_heads(data->all_train_embeddings(), data->labels());
    result_["timings"]["fit_seconds"] = now_seconds() - fit_start;
    log_info(fmt::format("fitted in {}", duration_text(now_seconds() - fit_start)));
  }
  if (!pipeline_.has_train || pipeline_.train.epochs == 0) return;
  Trainer trainer(pipeline_, parts, model_, *data, device_, folder_, options_.quiet);
  if (options_.resume) trainer.resume();
  const auto report = trainer.train();
  interrupted_ = report.interrupted;
  warnings_.insert(warnings_.end(), report.warnings.begin(), report.warnings.end());
  result_["training"] = {
      {"best_epoch", report.best_epoch},
      {"monitor", report.monitor},
      {"best_value", std::isfinite(report.best_value) ? json(report.best_value) : json(nullptr)},
      {"stopped_early", report.stopped_early}};
  result_["timings"]["epochs"] = report.epochs;
  result_["timings"]["epoch_seconds_median"] = median(report.epoch_seconds);
  result_["timings"]["train_seconds"] = report.train_seconds;
  log_info(fmt::format("{} epochs in {}, median epoch {:.3f} s; best epoch {} ({} = {:.4f})", report.epochs,
                       duration_text(report.train_seconds), median(report.epoch_seconds), report.best_epoch,
                       report.monitor, report.best_value));
}

at::Tensor Run::tuned_embeddings(std::vector<int64_t>& rows) {
  at::NoGradGuard no_grad;
  return model_.apply_heads(learns() ? learning_->embed(rows) : base_embeddings(rows));
}

RunOutcome Run::execute() {
  prepare();
  result_["timings"] = {{"encode_seconds", 0.0},       {"encode_images_per_second", 0.0},
                        {"cache_hit", false},          {"epochs", 0},
                        {"epoch_seconds_median", 0.0}, {"train_seconds", 0.0},
                        {"evaluate_seconds", 0.0},     {"total_seconds", 0.0}};
  result_["metrics"] = {{"base", json::object()}, {"tuned", json::object()}};
  try {
    if (learns()) {
      learning_ = std::make_unique<LearningTrainingData>(pipeline_, *dataset_, parts_, model_, split_,
                                                         device_, options_.quiet);
      // The base is the encoder before its first step.
      const double encode_start = now_seconds();
      base_test_ = learning_->embed(split_.test);
      result_["timings"]["encode_seconds"] = now_seconds() - encode_start;
      result_["timings"]["encode_images_per_second"] =
          static_cast<double>(split_.test.size()) / std::max(1e-9, now_seconds() - encode_start);
      encoded_.skipped = learning_->skipped();
      check_skipped();
    } else {
      encode_frozen();
      auto& timings = result_["timings"];
      timings["encode_seconds"] = encoded_.seconds;
      timings["cache_hit"] = encoded_.cache_hit;
      timings["encode_images_per_second"] =
          encoded_.encoded > 0 ? static_cast<double>(encoded_.encoded) / std::max(1e-9, encoded_.seconds)
                               : 0.0;
      base_test_ = base_embeddings(split_.test);
    }
    train();
    if (interrupted_) {
      write_result("interrupted");
      log_warning(fmt::format("interrupted; continue with --resume {}", folder_));
      return {result_, "", true};
    }
    measure_tuned();
    save_servable((fs::path(folder_) / "model").string(), pipeline_, model_, result_["metrics"]);
    write_result("completed");
  } catch (const Interrupted& stop) {
    write_result("interrupted", stop.what());
    throw;
  } catch (const std::exception& error) {
    log_failure(error.what());
    write_result("failed", error.what());
    throw;
  }
  log_info(fmt::format("wrote {}", folder_));
  return {result_, metrics_table(result_["metrics"]), false};
}

void Run::measure_tuned() {
  const double start = now_seconds();
  tuned_test_ = tuned_embeddings(split_.test);
  if (learns()) {
    encoded_.skipped = learning_->skipped();
    check_skipped();
  }
  const auto labels = labels_of(split_.test);
  at::Tensor queries;
  if (parts_.eval_sampler) {
    queries = guard(*pipeline_.eval_sampler.info, "queries", [&] {
      return parts_.eval_sampler->queries(labels, static_cast<uint64_t>(pipeline_.root.seed));
    });
  }
  const auto base_values = pipeline_.evaluate.baseline
                               ? measure(base_test_, labels, queries, parts_.metrics, pipeline_)
                               : Measured{};
  const auto tuned_values = measure(tuned_test_, labels, queries, parts_.metrics, pipeline_);
  result_["metrics"] = {{"base", base_values.values}, {"tuned", tuned_values.values}};
  result_["metric_details"] = {{"base", base_values.details}, {"tuned", tuned_values.details}};
  result_["timings"]["evaluate_seconds"] = now_seconds() - start;
  if (dataset_->object_kind() == ObjectKind::image) {
    write_retrieval_picture((fs::path(folder_) / "retrieval.png").string(), *dataset_, split_.test,
                            base_test_, tuned_test_, static_cast<uint64_t>(pipeline_.root.seed));
  }
}

void Run::write_result(const std::string& status, const std::string& error) {
  const auto side = [&](const std::vector<int64_t>& rows) {
    return json{{"samples", rows.size()}, {"groups", count_groups(dataset_->labels(), rows)}};
  };
  result_["kindred"] = 1;
  result_["status"] = status;
  if (!error.empty()) result_["error"] = error;
  result_["device"] = device_.str();
  result_["threads"] = at::get_num_threads();
  result_["data"] = {{"train", side(split_.train)},
                     {"validation", side(split_.validation)},
                     {"test", side(split_.test)},
                     {"skipped", encoded_.skipped.size()},
                     {"skipped_samples", json::array()}};
  for (const auto& one : encoded_.skipped) {
    result_["data"]["skipped_samples"].push_back({{"name", one.name}, {"message", one.message}});
  }
  result_["warnings"] = warnings_;
  result_["timings"]["total_seconds"] = now_seconds() - start_;
  result_["peak_rss_bytes"] = peak_resident_bytes();
  write_file_atomically((fs::path(folder_) / "result.json").string(), result_.dump(2) + "\n");
}

}  // namespace

RunOutcome run_pipeline(const Pipeline& pipeline, const Catalog& catalog, const RunOptions& options) {
  return Run(pipeline, catalog, options).execute();
}

}  // namespace kindred::host
