#include "host/run/run.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "host/base/clock.hpp"
#include "host/base/collecting_context.hpp"
#include "host/base/file_lock.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/issue.hpp"
#include "host/base/progress.hpp"
#include "host/base/terminal_context.hpp"
#include "host/base/text.hpp"
#include "host/data/dataset_notes.hpp"
#include "host/distributed/local_communicator.hpp"
#include "host/distributed/member_context.hpp"
#include "host/inference/inference_model.hpp"
#include "host/loader/catalog.hpp"
#include "host/model/device.hpp"
#include "host/model/servable.hpp"
#include "host/report/finished_run.hpp"
#include "host/report/tables.hpp"
#include "host/run/doubts.hpp"
#include "host/run/measure_run.hpp"
#include "host/run/run_folder.hpp"
#include "host/run/run_material.hpp"
#include "host/run/run_result.hpp"
#include "host/run/weights_advice.hpp"
#include "host/run/write_report.hpp"
#include "host/training/checkpointer.hpp"
#include "host/training/trainer.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

/// Where a process puts what rank 0 hands out of its folder. It goes with the object.
class FolderOfCopies {
 public:
  explicit FolderOfCopies(int64_t rank)
      : path_((fs::temp_directory_path() / fmt::format("kindred_rank_{}_XXXXXX", rank)).string()) {
    if (::mkdtemp(path_.data()) == nullptr)
      throw Error("cannot make a folder in " + fs::temp_directory_path().string());
  }
  ~FolderOfCopies() {
    std::error_code stays_there;
    fs::remove_all(path_, stays_there);
  }
  FolderOfCopies(const FolderOfCopies&) = delete;
  FolderOfCopies& operator=(const FolderOfCopies&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string interrupted_text(const std::string& folder) {
  return fmt::format("interrupted; continue with --resume {}", folder);
}

/// What the executions before this one warned of, but that they were interrupted: that is over.
std::vector<std::string> earlier_warnings(const std::string& log, const std::string& folder) {
  auto warnings = warnings_in_log(log);
  warnings.erase(std::remove(warnings.begin(), warnings.end(), interrupted_text(folder)), warnings.end());
  return warnings;
}

/// One execution: the order of its steps. They fill the result as they go, so that whatever happens the
/// result file says how far it came.
class Run {
 public:
  Run(const Pipeline& pipeline, const Catalog& catalog, const RunOptions& options, Context& context)
      : pipeline_(pipeline),
        catalog_(catalog),
        options_(options),
        context_(context, options.warnings),
        communicator_(options.group != nullptr ? options.group->communicator() : alone_),
        device_(device_of_process(pipeline.device,
                                  options.group != nullptr ? options.group->member().local_rank : 0)) {}

  RunOutcome execute();

 private:
  RunOutcome execute_as_other();
  std::string failure_of_group() const;
  /// Says whether this process writes: the only one, or the first of a group.
  bool is_first() const { return communicator_.rank() == 0; }
  void open_folder();
  void prepare();
  void embed_base();
  bool train();
  void fit_heads(size_t count);
  void save_model();
  void finish(RunStatus status, const std::string& error = {});

  const Pipeline& pipeline_;
  const Catalog& catalog_;
  const RunOptions& options_;
  CollectingContext context_;  ///< what is warned of goes into the result
  LocalCommunicator alone_;
  Communicator& communicator_;
  at::Device device_;
  RunResult result_;
  std::string folder_;
  std::optional<FileLock> lock_;          ///< says that the folder is written
  std::optional<FolderOfCopies> copies_;  ///< of a process that writes nothing else
  RunMaterial material_;
  std::unique_ptr<Trackers> trackers_;
  at::Tensor base_;  ///< embeddings of the test samples before training
};

void Run::open_folder() {
  if (!is_first()) {
    copies_.emplace(communicator_.rank());
    folder_ = copies_->path();
    return;
  }
  if (options_.resume) {
    folder_ = fs::absolute(options_.folder).string();
  } else {
    folder_ = create_run_folder(pipeline_, options_.folder);
  }
  const auto log = (fs::path(folder_) / kRunLog).string();
  lock_ = FileLock::try_take(log);
  if (!lock_) {
    throw Error(
        folder_ +
        " is written by another process at this moment; wait until it has ended, `host runs` says when");
  }
  if (options_.resume) context_.keep(earlier_warnings(log, folder_));
  context_.add_log_file(log);
  write_file_atomically((fs::path(folder_) / "pipeline.json").string(),
                        json_text(resolved_pipeline(pipeline_, catalog_), 2) + "\n");
  context_.info(fmt::format("run folder {}", folder_));
  if (options_.group != nullptr) options_.group->keep(kKeptFolder, folder_);
  tell_notes(pipeline_, context_);
}

void Run::prepare() {
  if (pipeline_.cache.on_device() && device_.is_cpu()) {
    throw PipelineError(
        {{pipeline_.file, "/cache/type",
          "the run computes on the processor, so there is no other device's memory; take \"cpu\""}});
  }
  prepare_data(material_, pipeline_, catalog_, context_);
  require_same_data(material_, communicator_);
  prepare_model(material_, pipeline_, catalog_, device_, context_);
  result_.phase_ended("prepare");
  if (const auto took = encode_data(material_, pipeline_, device_, context_)) result_.encoded(*took);
  prepare_training_data(material_, pipeline_, device_, communicator_, context_);
}

/// Embeds the test classes with the encoder as it is before its first step.
void Run::embed_base() {
  const double start = now_seconds();
  base_ = test_embeddings(material_, pipeline_, false);
  if (!material_.encoded->keeps_nothing()) return;
  const double seconds = now_seconds() - start;
  const auto count = static_cast<double>(material_.split.test.size());
  result_.encoded({seconds, count / std::max(1e-9, seconds), false});
}

/// The first `count` heads, where one of them needs it.
void Run::fit_heads(size_t count) {
  auto& heads = material_.model.heads;
  if (!heads.needs_fit(count)) return;
  const double start = now_seconds();
  const auto embeddings = material_.data->train_embeddings();
  heads.fit(embeddings, material_.data->labels(), count);
  const double seconds = now_seconds() - start;
  result_.fitted(seconds);
  context_.info(fmt::format("fitted in {}", duration_text(seconds)));
}

/// Returns false when it was interrupted.
bool Run::train() {
  auto& model = material_.model;
  auto& data = *material_.data;
  // Behind an encoder that learns the last heads are fitted on what it has become; what is trained needs its
  // input fitted before.
  fit_heads(model.learns() ? model.heads.count_to_last_trained() : model.heads.stages.size());
  const auto track_from = [&](int64_t first_epoch) {
    trackers_->start({pipeline_.name, folder_, json_text(pipeline_.resolved), first_epoch});
  };
  Trainer::Parts parts;
  parts.metrics = material_.components.metrics;
  parts.trackers = trackers_.get();
  if (pipeline_.has_train) {
    parts.loss = std::make_shared<TrainingLoss>(catalog_, pipeline_.training, model.present_dimension(),
                                                data.labels(), device_);
    parts.sampler = material_.components.batch_sampler;
  }
  if (!pipeline_.has_train || pipeline_.training.epochs == 0) {
    track_from(0);
    return true;
  }
  Trainer trainer({pipeline_.training, pipeline_.encoders, pipeline_.evaluation, device_, folder_}, parts,
                  model, data, context_, communicator_);
  if (options_.resume) trainer.resume();
  track_from(trainer.first_epoch());
  const auto report = trainer.train();
  result_.trained(report);
  const auto best = report.best_epoch > 0 ? fmt::format("best epoch {} ({} = {:.4f})", report.best_epoch,
                                                        report.monitor, report.best_value)
                                          : std::string("no best epoch");
  context_.info(fmt::format("{} epochs in {}, median epoch {:.3f} s; {}", report.epochs,
                            duration_text(report.train_seconds), median(report.epoch_seconds), best));
  if (!report.interrupted) doubt_best_epoch(report, context_);
  return !report.interrupted;
}

/// The model is opened once as a service opens it, which should not be the first to learn that it cannot.
void Run::save_model() {
  const auto folder = model_of_run(folder_);
  save_servable(folder,
                {pipeline_.name,
                 pipeline_.encoders,
                 pipeline_.transforms,
                 pipeline_.heads,
                 {measured_distance(material_.components.metrics)}},
                material_.model, result_.metrics());
  try {
    InferenceModel::load(folder, catalog_, device_, {});
  } catch (const std::exception& error) {
    context_.warning(fmt::format("{} was saved but cannot be opened: {}", folder, error.what()));
  }
}

void Run::finish(RunStatus status, const std::string& error) {
  const auto write = [&] {
    result_.warned(context_.warnings());
    result_.write(folder_, status, error, material_, device_);
  };
  write();
  const auto said = context_.warnings().size();
  try {
    write_report(folder_, catalog_, material_.dataset.get());
  } catch (const std::exception& failed) {  // the run is what it is all the same
    context_.warning(fmt::format("{} was not written: {}", kReportFile, failed.what()));
  }
  trackers_->finish(status_name(status),
                    status == RunStatus::completed ? result_.metrics() : nlohmann::json::object());
  if (context_.warnings().size() != said) write();  // the report or a tracker failed
}

/// Why the group cannot go on; empty where a person stopped the work.
std::string Run::failure_of_group() const {
  return options_.group == nullptr || was_interrupted() ? std::string() : options_.group->failure();
}

/// What the processes do that write nothing: they encode, train and embed with the first one.
RunOutcome Run::execute_as_other() {
  prepare();
  embed_base();
  const bool trained = train();
  if (trained) {
    fit_heads(material_.model.heads.stages.size());
    measure_as_other(material_, pipeline_, base_, communicator_);
  }
  return {nullptr, "", !trained};
}

RunOutcome Run::execute() {
  material_.components = make_components(catalog_, pipeline_);  // nothing is written when that fails
  trackers_ = std::make_unique<Trackers>(
      catalog_, is_first() ? pipeline_.trackers : decltype(pipeline_.trackers){}, context_);
  open_folder();
  if (!is_first()) return execute_as_other();
  try {
    prepare();
    embed_base();
    result_.phase_ended("encode");
    if (!train()) {
      if (const auto reason = failure_of_group(); !reason.empty()) throw Error(reason);
      result_.phase_ended("train");
      context_.warning(interrupted_text(folder_));
      finish(RunStatus::interrupted);
      return {result_.body(), "", true};
    }
    fit_heads(material_.model.heads.stages.size());
    result_.phase_ended("train");
    save_model();  // before it is measured: a metric that fails does not cost the model
    measure_both(material_, pipeline_, base_, folder_, result_, *trackers_, communicator_, context_);
    result_.phase_ended("evaluate");
    say_notes_of_reading(*material_.dataset, material_.notes_said, context_);
    finish(RunStatus::completed);
  } catch (const Interrupted& stop) {
    if (const auto reason = failure_of_group(); !reason.empty()) {
      context_.failure(reason);
      finish(RunStatus::failed, reason);
      throw Error(reason);
    }
    finish(RunStatus::interrupted, stop.what());
    throw Interrupted(fmt::format("{}; go on with --resume {}", stop.what(), folder_));
  } catch (const std::exception& error) {
    // The other processes were interrupted, too, and one of them may have been the first to end.
    if (options_.group != nullptr && was_interrupted()) {
      finish(RunStatus::interrupted, error.what());
      throw Interrupted(fmt::format("{}; go on with --resume {}", error.what(), folder_));
    }
    context_.failure(error.what());
    finish(RunStatus::failed, error.what());
    throw;
  }
  if (!pipeline_.keep_checkpoints) remove_checkpoints(folder_);
  context_.info(fmt::format("wrote {}", folder_));
  return {result_.body(), metrics_table(result_.body(), options_.warnings), false};
}

/// The result of a run that is completed already, for all processes alike; nothing where it is to go on.
std::optional<RunOutcome> completed(const Pipeline& pipeline, const RunOptions& options, Context& context) {
  const bool is_first = options.group == nullptr || options.group->member().rank == 0;
  std::optional<nlohmann::json> result;
  if (is_first) {
    check_same_pipeline(options.folder, pipeline);
    result = completed_result(options.folder, pipeline);
  }
  const bool is_completed =
      options.group == nullptr ? result.has_value() : options.group->communicator().any(result.has_value());
  if (!is_completed) return {};
  context.info(fmt::format("the run in {} is completed already; nothing was changed", options.folder));
  if (!is_first) return RunOutcome{};
  auto table = metrics_table(*result);
  return RunOutcome{std::move(*result), std::move(table), false};
}

RunOutcome run_here(const Pipeline& pipeline, const Catalog& catalog, const RunOptions& options,
                    Context& context) {
  if (options.resume) {
    if (auto outcome = completed(pipeline, options, context)) return std::move(*outcome);
  }
  return Run(pipeline, catalog, options, context).execute();
}

}  // namespace

RunOutcome run_pipeline(const Pipeline& pipeline, const Catalog& catalog, const RunOptions& options,
                        Context& context) {
  if (options.group == nullptr) return run_here(pipeline, catalog, options, context);
  MemberContext of_member(context, *options.group);
  try {
    auto outcome = run_here(pipeline, catalog, options, of_member);
    options.group->end();
    return outcome;
  } catch (const Interrupted&) {
    const auto reason = was_interrupted() ? std::string() : options.group->failure();
    options.group->tell_failure("it was interrupted");
    if (!reason.empty()) throw Error(reason);
    throw;
  } catch (const std::exception& error) {
    options.group->tell_failure(without_trace(error.what()));
    throw;
  }
}

}  // namespace kindred::host
