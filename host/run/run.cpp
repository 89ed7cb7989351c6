#include "host/run/run.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "host/base/clock.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/issue.hpp"
#include "host/base/progress.hpp"
#include "host/base/system_info.hpp"
#include "host/contracts/contracts.hpp"
#include "host/data/class_split.hpp"
#include "host/data/skip_log.hpp"
#include "host/data/views.hpp"
#include "host/encoding/encoded_dataset.hpp"
#include "host/evaluation/measure.hpp"
#include "host/loader/catalog.hpp"
#include "host/model/device.hpp"
#include "host/model/servable.hpp"
#include "host/report/retrieval_shown.hpp"
#include "host/report/tables.hpp"
#include "host/run/check_losses.hpp"
#include "host/run/components.hpp"
#include "host/run/make_model.hpp"
#include "host/run/run_folder.hpp"
#include "host/run/trained_stages.hpp"
#include "host/training/trainer.hpp"
#include "host/training_data/make_training_data.hpp"
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
  Run(const Pipeline& pipeline, const Catalog& catalog, const RunOptions& options, Context& context)
      : pipeline_(pipeline),
        catalog_(catalog),
        options_(options),
        context_(context),
        device_(device_from_name(pipeline.device)) {}

  RunOutcome execute();

 private:
  void open_folder();
  void prepare();
  void encode();
  void keep_readable();
  void train();
  void track_from(int64_t first_epoch);
  void fit_heads(size_t count);
  void measure_both();
  void write_result(const std::string& status, const std::string& error = {});
  at::Tensor test_embeddings(bool with_heads);

  const Pipeline& pipeline_;
  const Catalog& catalog_;
  const RunOptions& options_;
  Context& context_;
  at::Device device_;
  double start_ = now_seconds();
  std::string folder_;
  Components parts_;
  std::shared_ptr<Dataset> dataset_;
  ClassSplit split_;
  Model model_;
  std::unique_ptr<SkipLog> skips_;
  EncodingOptions encoding_;
  std::unique_ptr<EncodedDataset> encoded_;
  std::unique_ptr<TrainingData> data_;
  std::unique_ptr<Trackers> trackers_;
  at::Tensor base_test_, tuned_test_;
  json result_ = json::object();
  std::vector<std::string> warnings_;
  bool interrupted_ = false;
};

void Run::open_folder() {
  if (options_.resume) {
    folder_ = fs::absolute(options_.folder).string();
    check_same_pipeline(folder_, pipeline_);
  } else {
    folder_ = create_run_folder(pipeline_, options_.folder);
  }
  context_.add_log_file((fs::path(folder_) / "log.txt").string());
  write_file_atomically((fs::path(folder_) / "pipeline.json").string(),
                        resolved_pipeline(pipeline_, catalog_).dump(2) + "\n");
  context_.info(fmt::format("run folder {}", folder_));
}

void Run::prepare() {
  if (pipeline_.cache.on_device() && device_.is_cpu()) {
    throw PipelineError(
        {{pipeline_.file, "/cache/type",
          "the run computes on the processor, so there is no other device's memory; take \"cpu\""}});
  }
  dataset_ = create_under_contract<Dataset>(catalog_, *pipeline_.dataset.info, pipeline_.dataset.params);
  skips_ = std::make_unique<SkipLog>(pipeline_.loading, dataset_->size(), context_);
  split_ = split_classes(dataset_->labels(), pipeline_.split);
  context_.info(fmt::format(
      "data: {} samples; train {} ({} classes), validation {} ({} classes){}, test {} ({} classes)",
      dataset_->size(), split_.train.size(), count_groups(dataset_->labels(), split_.train),
      split_.validation.size(), count_groups(dataset_->labels(), split_.validation),
      split_.validation_is_test ? " = test" : "", split_.test.size(),
      count_groups(dataset_->labels(), split_.test)));
  if (split_.validation_is_test) {
    warnings_.push_back(
        "validation is the test classes: early stopping sees what is measured at the end, so the "
        "result is optimistic");
    context_.warning(warnings_.back());
  }
  check_losses_take(catalog_, pipeline_, dataset_->pairs().defined());
  model_ = make_model(catalog_, pipeline_, dataset_.get(), true);
  bool pictures = false;
  for (size_t i = 0; i < model_.encoders.size(); ++i) {
    auto& part = model_.encoders[i];
    part.training_dtype = training_dtype(pipeline_.encoders[i], pipeline_, *part.encoder, device_);
    pictures = pictures || part.object_kind == ObjectKind::image;
  }
  for (const auto view : pipeline_.evaluation.test_views) {
    if (view == kPlainView || pictures) continue;
    throw PipelineError({{pipeline_.file, "/evaluate/test_views",
                          "only pictures have a mirror image, and no encoder reads any; take [\"plain\"]"}});
  }
  move_to(encoder_tensors(model_), device_);
  move_to(head_tensors(model_), device_);
  context_.info(fmt::format("{}", model_summary(model_)));
}

void Run::encode() {
  encoding_ = {pipeline_.seed,
               pipeline_.loading.threads,
               pipeline_.cache,
               pipeline_.dataset,
               pipeline_.transforms,
               pipeline_.train_transforms,
               pipeline_.evaluation.test_views};
  encoded_ = std::make_unique<EncodedDataset>(encoding_, pipeline_.encoders, parts_.transforms, model_,
                                              *dataset_, device_, *skips_, context_);
  const auto took = encoded_->encode(split_);
  if (!took) return;
  result_["timings"]["encode_seconds"] = took->seconds;
  result_["timings"]["encode_images_per_second"] = took->samples_per_second;
  result_["timings"]["cache_hit"] = took->cache_hit;
}

void Run::keep_readable() {
  for (auto* samples : {&split_.train, &split_.validation, &split_.test}) skips_->remove_from(*samples);
}

/// Averaged over the views that the pipeline asks for. Takes samples that cannot be read out of the split.
at::Tensor Run::test_embeddings(bool with_heads) {
  at::NoGradGuard no_grad;
  return mean_over_views(pipeline_.evaluation.test_views, [&](int64_t view) {
    auto embeddings = data_->embed(split_.test, view);
    embeddings = with_heads ? model_.apply_heads(embeddings) : model_.base(embeddings);
    check_finite(embeddings, *dataset_, split_.test);
    return embeddings;
  });
}

/// The first `count` heads, where one of them needs it.
void Run::fit_heads(size_t count) {
  if (!model_.heads.needs_fit(count)) return;
  const double start = now_seconds();
  const auto embeddings = data_->train_embeddings();
  model_.heads.fit(embeddings, data_->labels(), count);
  const double seconds = now_seconds() - start;
  result_["timings"]["fit_seconds"] = result_["timings"].value("fit_seconds", 0.0) + seconds;
  context_.info(fmt::format("fitted in {}", duration_text(seconds)));
}

void Run::train() {
  // Behind an encoder that learns the last heads are fitted on what it has become; what is trained needs its
  // input fitted before.
  fit_heads(model_.learns() ? model_.heads.count_to_last_trained() : model_.heads.stages.size());
  Trainer::Parts parts;
  parts.metrics = parts_.metrics;
  parts.trackers = trackers_.get();
  if (pipeline_.has_train) {
    parts.loss = std::make_shared<TrainingLoss>(catalog_, pipeline_.training, model_.present_dimension(),
                                                data_->labels(), device_);
    parts.sampler = parts_.batch_sampler;
  }
  if (!pipeline_.has_train || pipeline_.training.epochs == 0) return track_from(0);
  Trainer trainer(pipeline_.training, pipeline_.encoders, pipeline_.evaluation, parts, model_, *data_,
                  device_, folder_, context_);
  if (options_.resume) trainer.resume();
  track_from(trainer.first_epoch());
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
  result_["timings"]["steps_per_second"] =
      report.step_seconds > 0 ? static_cast<double>(report.steps) / report.step_seconds : 0.0;
  context_.info(fmt::format("{} epochs in {}, median epoch {:.3f} s; best epoch {} ({} = {:.4f})",
                            report.epochs, duration_text(report.train_seconds), median(report.epoch_seconds),
                            report.best_epoch, report.monitor, report.best_value));
}

void Run::track_from(int64_t first_epoch) {
  trackers_->start({pipeline_.name, folder_, pipeline_.resolved.dump(), first_epoch});
}

RunOutcome Run::execute() {
  parts_ = make_components(catalog_, pipeline_);  // nothing is written when that fails
  trackers_ = std::make_unique<Trackers>(catalog_, pipeline_.trackers, context_);
  open_folder();
  result_["timings"] = {{"encode_seconds", 0.0},       {"encode_images_per_second", 0.0},
                        {"cache_hit", false},          {"epochs", 0},
                        {"epoch_seconds_median", 0.0}, {"train_seconds", 0.0},
                        {"evaluate_seconds", 0.0},     {"total_seconds", 0.0}};
  result_["metrics"] = {{"base", json::object()}, {"tuned", json::object()}};
  try {
    prepare();
    encode();
    keep_readable();
    data_ = make_training_data(
        *encoded_, *dataset_, split_, model_, parts_.transforms,
        {pipeline_.seed, pipeline_.loading.threads, pipeline_.cache.batch_size, pipeline_.cache.views},
        device_, *skips_, context_);
    const double base_start = now_seconds();
    base_test_ = test_embeddings(false);  // the encoder before its first step
    if (encoded_->keeps_nothing()) {
      const double seconds = now_seconds() - base_start;
      result_["timings"]["encode_seconds"] = seconds;
      result_["timings"]["encode_images_per_second"] =
          static_cast<double>(split_.test.size()) / std::max(1e-9, seconds);
    }
    train();
    if (interrupted_) {
      write_result("interrupted");
      context_.warning(fmt::format("interrupted; continue with --resume {}", folder_));
      return {result_, "", true};
    }
    fit_heads(model_.heads.stages.size());
    // Before it is measured: a metric that fails does not cost the model.
    save_servable(model_of_run(folder_),
                  {pipeline_.name, pipeline_.encoders, pipeline_.transforms, pipeline_.heads}, model_,
                  result_["metrics"]);
    measure_both();
    write_result("completed");
  } catch (const Interrupted& stop) {
    write_result("interrupted", stop.what());
    throw;
  } catch (const std::exception& error) {
    context_.failure(error.what());
    write_result("failed", error.what());
    throw;
  }
  context_.info(fmt::format("wrote {}", folder_));
  return {result_, metrics_table(result_["metrics"]), false};
}

/// Each side's values are in the result as soon as they are known.
void Run::measure_both() {
  const double start = now_seconds();
  keep_readable();  // what a learning encoder could not read is known since training
  const auto task = measured_task(*dataset_, split_.test, parts_.eval_sampler.get(), pipeline_.evaluation);
  result_["metric_details"] = {{"base", json::object()}, {"tuned", json::object()}};
  const auto measured = [&](const char* side, const at::Tensor& embeddings) {
    auto values = measure(embeddings, task, parts_.metrics, pipeline_.evaluation, context_);
    result_["metrics"][side] = values.values;
    result_["metric_details"][side] = values.details;
    return values;
  };
  const auto base = pipeline_.evaluation.baseline ? measured("base", base_test_) : Measured{};
  tuned_test_ = test_embeddings(true);
  if (tuned_test_.size(0) != base_test_.size(0)) {
    throw Error(
        fmt::format("{} test samples could be read before training and {} behind it; are the files on a disk "
                    "that stays?",
                    base_test_.size(0), tuned_test_.size(0)));
  }
  const auto tuned = measured("tuned", tuned_test_);
  if (pipeline_.evaluation.per_class) result_["per_class"] = per_class_table(base, tuned, *dataset_);
  result_["timings"]["evaluate_seconds"] = now_seconds() - start;
  set_model_metrics(folder_, result_["metrics"]);
  const RetrievalShown shown{*dataset_, split_.test, task, base_test_, tuned_test_, pipeline_.seed};
  write_retrieval(folder_, shown);
}

void Run::write_result(const std::string& status, const std::string& error) {
  const auto side = [&](const std::vector<int64_t>& rows) {
    return json{{"samples", rows.size()}, {"groups", dataset_ ? count_groups(dataset_->labels(), rows) : 0}};
  };
  result_["kindred"] = 1;
  result_["status"] = status;
  if (!error.empty()) result_["error"] = error;
  result_["device"] = device_.str();
  result_["threads"] = at::get_num_threads();
  if (model_.learns()) {
    const bool bfloat16 =
        std::any_of(model_.encoders.begin(), model_.encoders.end(),
                    [](const EncoderPart& one) { return one.training_dtype == at::kBFloat16; });
    result_["training_precision"] = bfloat16 ? "bfloat16" : "float32";
  }
  result_["data"] = {{"train", side(split_.train)},
                     {"validation", side(split_.validation)},
                     {"test", side(split_.test)},
                     {"skipped", skips_ ? skips_->all().size() : 0},
                     {"skipped_samples", json::array()}};
  for (const auto& one : skips_ ? skips_->all() : std::vector<SkippedSample>{}) {
    result_["data"]["skipped_samples"].push_back({{"name", one.name}, {"message", one.message}});
  }
  result_["warnings"] = warnings_;
  result_["timings"]["total_seconds"] = now_seconds() - start_;
  result_["peak_rss_bytes"] = peak_resident_bytes();
  write_file_atomically((fs::path(folder_) / "result.json").string(), result_.dump(2) + "\n");
  trackers_->finish(status, status == "completed" ? result_["metrics"] : json::object());
}

}  // namespace

RunOutcome run_pipeline(const Pipeline& pipeline, const Catalog& catalog, const RunOptions& options,
                        Context& context) {
  return Run(pipeline, catalog, options, context).execute();
}

}  // namespace kindred::host
