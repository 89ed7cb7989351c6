#include "host/training/trainer.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "host/base/clock.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/distributed/global_batch.hpp"
#include "host/evaluation/relevance.hpp"
#include "host/model/named_tensors.hpp"
#include "host/options/monitor.hpp"
#include "kindred/error.hpp"
#include "kindred/finite.hpp"

namespace kindred::host {
namespace {

std::string chosen_monitor(const TrainingOptions& options, const Trainer::Parts& parts,
                           const TrainingData& data) {
  if (!options.early_stopping.monitor.empty()) return options.early_stopping.monitor;
  return data.validation_labels().numel() > 0 ? monitored_metric(parts.metrics.front()->name()) : kTrainLoss;
}

bool is_metric_name(const std::string& monitor) {
  return is_of_validation(monitor) && !is_loss_name(monitor);
}

/// Says whether `monitor` is a metric of which smaller is better.
bool metric_falls(const std::string& monitor, const std::vector<std::shared_ptr<Metric>>& metrics) {
  return std::any_of(metrics.begin(), metrics.end(), [&](const std::shared_ptr<Metric>& one) {
    return monitored_metric(one->name()) == monitor && !one->higher_is_better();
  });
}

/// The value that decides which epoch is the best one comes first, since the end may not fit on the screen.
std::string summary_of(const EpochResult& result, const std::string& monitor) {
  std::string first, others;
  const auto add = [&](const std::string& value_name, const std::string& shown, double value) {
    (value_name == monitor ? first : others) += fmt::format(", {} {:.4f}", shown, value);
  };
  add(kTrainLoss, "loss", result.train_loss);
  for (const auto& [name, value] : result.validation)
    add(monitored_metric(name), "validation " + name, value);
  return (first + others).substr(2);
}

}  // namespace

struct Trainer::Epoch {
  int64_t number = 0;               // from 0
  std::vector<at::Tensor> batches;  // as composed
  int64_t first_step = 0;           // those before were done before a resume
  double loss_sum = 0;
  bool has_gradient = false;  // of the batches since the last update
  bool has_loss = false;      // whether a batch of this execution had a loss other than 0
  bool was_watched = false;   // for a collapse

  int64_t steps() const { return static_cast<int64_t>(batches.size()); }
};

Trainer::Trainer(TrainingPlan plan, Parts parts, Model& model, TrainingData& data, Context& context,
                 Communicator& communicator)
    : plan_(std::move(plan)),
      options_(plan_.options),
      parts_(std::move(parts)),
      model_(model),
      data_(data),
      context_(context),
      communicator_(communicator),
      encoder_learns_(model.learns()),
      parameters_(trained_parameters(options_, plan_.encoders, model, *parts_.loss)),
      optimizer_(options_.optimizer, options_.schedule, options_.epochs, options_.gradient_clip,
                 parameters_.groups),
      composer_(*parts_.sampler, data, model, options_.seed),
      average_(options_.ema > 0 || options_.swa_start > 0
                   ? std::make_unique<WeightAverage>(averaged_tensors(parameters_, plan_.encoders, model),
                                                     options_.ema)
                   : nullptr),
      best_(
          options_.early_stopping, chosen_monitor(options_, parts_, data),
          [this] { return trained_state(model_, *parts_.loss); },
          metric_falls(chosen_monitor(options_, parts_, data_), parts_.metrics)),
      decides_(!is_of_validation(best_.monitor()) || data.validation_labels().numel() == 0 ||
               tells_apart(data.validation_task(plan_.measuring))),
      collapse_(context),
      validator_({options_.seed, plan_.device, encoder_learns_ || is_metric_name(best_.monitor())},
                 plan_.measuring, parts_.metrics, model, data, *parts_.loss, collapse_, communicator),
      statistics_(model, plan_.encoders, communicator, options_.gradient_cache > 0),
      step_(options_, {model, *parts_.loss, data, composer_, parameters_, optimizer_, average_.get(),
                       communicator, statistics_}),
      history_(plan_.folder, options_, parts_.trackers),
      checkpointer_(plan_.folder,
                    {[this] { return resumable_tensors(); }, optimizer_, average_.get(), best_, all_steps_},
                    context, communicator) {}

/// What a resumed run needs beside what the best epoch keeps.
std::vector<NamedTensor> Trainer::resumable_tensors() const {
  auto all = trained_state(model_, *parts_.loss);
  append_named(all, "lora.", factors_of(parameters_.low_rank));
  for (const auto& one : parts_.loss->memories()) all.push_back(one);
  for (const auto& one : composer_.tensors()) all.push_back(one);
  return all;
}

void Trainer::resume() {
  const auto position = checkpointer_.resume();
  if (position) {
    composer_.restored();
    first_ = *position;
    report_.epochs = first_.epoch;
  }
  if (communicator_.rank() == 0) history_.keep_until(first_.epoch);
  if (!position) return;
  context_.info(fmt::format("resuming at epoch {}, step {}", first_.epoch + 1, first_.step + 1));
}

TrainReport Trainer::train() {
  const double start = now_seconds();
  if (communicator_.size() > 1) take_from_first(trained_state(model_, *parts_.loss), communicator_);
  checkpointer_.start(first_);
  if (!decides_) {
    context_.warning(
        "validation has one class to find, so every order of its samples is right and no epoch is better "
        "than "
        "another: validation neither chooses the epoch nor ends the training, and the last epoch is kept; "
        "give validation more classes (data.split.validation.fraction or min_classes)");
  }
  try {
    run_epochs();
  } catch (const Interrupted&) {
    checkpointer_.save_after_failure();
    if (communicator_.size() > 1) throw;  // the others may wait for this process, and have to be told
    report_.interrupted = true;
  } catch (const std::exception&) {
    checkpointer_.save_after_failure();
    statistics_.rethrow_failure();
    throw;
  }
  if (!report_.interrupted && best_.out_of_patience()) report_.stopped_early = true;
  report_.train_seconds = now_seconds() - start;
  if (!report_.interrupted) checkpointer_.write({report_.epochs, 0, 0});
  take_best_weights();
  statistics_.end();
  data_.train_encoder(false);
  model_.heads.train(false);
  return report_;
}

/// The best epoch's weights, or the last epoch's, averaged where there is an average; and what the report
/// says of them.
void Trainer::take_best_weights() {
  report_.best_epoch = best_.epoch();
  report_.best_value = best_.value();
  report_.monitor = best_.monitor();
  report_.tells_apart = best_.has_varied();
  if (!report_.interrupted) warn_of_indecision();
  if (best_.restore()) return;
  if (average_) average_->put_in();
}

/// Says that what is monitored could not choose an epoch.
void Trainer::warn_of_indecision() {
  if (report_.epochs == 0 || !decides_ || best_.has_varied()) return;
  const auto& monitor = best_.monitor();
  if (best_.epoch() == 0) {
    context_.warning(fmt::format("no epoch had a defined {}; the last epoch's weights are kept", monitor));
  } else if (report_.epochs > 1) {
    context_.warning(fmt::format(
        "{} was {:.6g} in every epoch, which tells none from another, so the last epoch's weights are kept "
        "and "
        "nothing stopped the training; monitor something else (train.early_stopping.monitor), or give "
        "validation more and harder classes",
        monitor, best_.value()));
  }
}

/// What a person should know before several processes train.
void Trainer::say_how_batches_are_shared(const Epoch& epoch) {
  if (communicator_.size() == 1 || epoch.batches.empty()) return;
  const auto rows = composer_.rows_of(epoch.batches.front());
  const auto labels = data_.labels().index_select(0, rows);
  const auto count = labels.numel();
  // Of the pairs (a, b) with a != b: those of one class, and all others.
  const double anchors = static_cast<double>(std::max<int64_t>(1, count));
  const auto same = labels.unsqueeze(1).eq(labels.unsqueeze(0)).sum().item<double>();
  context_.info(
      fmt::format("the first batch has {} samples, of which rank 0 encodes {} and the {} others the rest; an "
                  "anchor has {:.1f} positives and "
                  "{:.1f} negatives on the average",
                  count, part_of_rank(rows, communicator_).numel(), communicator_.size() - 1,
                  same / anchors - 1, anchors - same / anchors));
  if (const auto norms = statistics_.description(); !norms.empty()) context_.info(norms);
}

void Trainer::run_epochs() {
  Progress progress("training", "epochs", options_.epochs, context_, first_.epoch);
  for (int64_t number = first_.epoch; number < options_.epochs; ++number) {
    if (best_.out_of_patience()) {  // also right after a resume
      report_.stopped_early = true;
      break;
    }
    const double start = now_seconds();
    EpochResult result;
    auto epoch = begin_epoch(number);
    if (number == first_.epoch) say_how_batches_are_shared(epoch);
    const bool completed = run_steps(epoch, result);
    result.step_seconds = now_seconds() - start;
    report_.step_seconds += result.step_seconds;
    if (!completed) {
      report_.interrupted = true;
      break;
    }
    finish_epoch(number, start, result);
    progress.update(number + 1, summary_of(result, best_.monitor()));
    if (communicator_.any(checkpointer_.is_due())) checkpointer_.write({number + 1, 0, 0});
    if (communicator_.any(context_.interrupted())) {
      report_.interrupted = true;
      checkpointer_.write({number + 1, 0, 0});
      break;
    }
  }
  progress.finish();
}

Trainer::Epoch Trainer::begin_epoch(int64_t number) {
  Epoch epoch;
  epoch.number = number;
  const bool goes_on = number == first_.epoch;
  // An epoch that is resumed in its middle keeps the means: its batches are those of the means at its
  // beginning.
  if (composer_.needs_class_means(number) && !(goes_on && first_.step > 0)) composer_.show_class_means();
  epoch.batches = composer_.batches(number);
  largest_batch_ = 0;
  for (const auto& batch : epoch.batches) largest_batch_ = std::max(largest_batch_, batch.numel());
  if (goes_on) {
    epoch.first_step = std::min(first_.step, epoch.steps());
    epoch.loss_sum = first_.loss_sum;
  }
  optimizer_.start_epoch(number);
  choose_learning(options_, parameters_, number);
  data_.train_encoder(true);
  model_.heads.train(true);
  parts_.loss->train(true);
  std::vector<at::Tensor> rows;
  for (const auto& batch : epoch.batches) rows.push_back(composer_.rows_of(batch));
  data_.start_epoch(rows, epoch.first_step, number);
  return epoch;
}

/// Returns false when it was interrupted; then a checkpoint was written.
bool Trainer::run_steps(Epoch& epoch, EpochResult& result) {
  Progress progress(fmt::format("epoch {}", epoch.number + 1), "steps", epoch.steps(),
                    encoder_learns_ ? context_ : silent_, epoch.first_step);
  for (int64_t step = epoch.first_step; step < epoch.steps(); ++step) {
    const auto batch = next_batch(epoch, step);
    if (step % options_.accumulate == 0) step_.begin_group();
    checkpointer_.inconsistent();
    if (gathered(batch.data.labels, communicator_).numel() > 0) {
      const auto embeddings = learn(epoch, batch);
      if (!embeddings.defined()) left_out(epoch, batch);
      progress.update(step + 1, fmt::format("loss {:.4f}", epoch.loss_sum / static_cast<double>(step + 1)));
      if (embeddings.defined()) watch_collapse(epoch, embeddings);
    }
    if (!batch.ends_group) continue;
    if (communicator_.any(epoch.has_gradient)) step_.update(epoch.number, step);
    epoch.has_gradient = false;
    const TrainingPosition position{epoch.number, step + 1, epoch.loss_sum};
    checkpointer_.consistent_at(position);
    if (step + 1 == epoch.steps()) break;
    if (communicator_.any(context_.interrupted())) {
      checkpointer_.write(position);
      return false;
    }
    if (encoder_learns_ && communicator_.any(checkpointer_.is_due())) checkpointer_.write(position);
  }
  watch_loss(epoch);
  result.steps_now = epoch.steps() - epoch.first_step;
  result.train_loss = epoch.loss_sum / static_cast<double>(epoch.steps());
  return true;
}

StepBatch Trainer::next_batch(const Epoch& epoch, int64_t step) {
  const auto group = options_.accumulate, steps = epoch.steps();
  StepBatch batch;
  batch.composed = epoch.batches[static_cast<size_t>(step)];
  batch.data = data_.next();
  batch.epoch = epoch.number;
  batch.step = step;
  batch.all_steps = all_steps_;
  batch.factor = 1 / static_cast<double>(std::min(group, steps - step / group * group));
  batch.ends_group = (step + 1) % group == 0 || step + 1 == steps;
  return batch;
}

/// A batch of one sample that the model cannot learn from. Where there are no others, there is nothing to
/// train.
void Trainer::left_out(Epoch& epoch, const StepBatch& batch) {
  const auto place = fmt::format("of epoch {}, step {}", batch.epoch + 1, batch.step + 1);
  constexpr const char* kWhy = "has one sample, of which a batch norm of the model has no variance";
  if (composer_.row_count(largest_batch_) == 1) {
    throw Error(
        fmt::format("the batch {}, like all others, {}; let train.batch_sampler make batches of at "
                    "least two samples",
                    place, kWhy));
  }
  if (!said_that_one_is_left_out_) {
    context_.warning(
        fmt::format("the batch {} {}, and is left out, as others like it will be; set "
                    "\"drop_last\" or another \"batch_size\" of train.batch_sampler to avoid it",
                    place, kWhy));
  }
  said_that_one_is_left_out_ = true;
  if (batch.step > 0) epoch.loss_sum += epoch.loss_sum / static_cast<double>(batch.step);  // it moves no mean
}

/// Throws Error that names the tensor which an epoch has spoilt; it must not become a checkpoint.
void Trainer::check_state(int64_t number) {
  const auto wrong =
      what_is_no_weight(trained_state(model_, *parts_.loss), [](const std::string&) { return true; });
  if (wrong.empty()) return;
  checkpointer_.inconsistent();
  throw Error(
      fmt::format("epoch {} has spoilt the model: {}; lower train.optimizer.lr, or look at what has "
                  "this tensor",
                  number + 1, wrong));
}

/// Returns the embeddings without their graph; undefined where the batch is to be left out.
at::Tensor Trainer::learn(Epoch& epoch, const StepBatch& batch) {
  const auto embeddings = step_.forward(batch);
  if (!embeddings.defined()) return {};
  const auto loss = step_.loss(batch, embeddings);
  double value = 0;
  if (loss.defined()) {
    if (loss.is_cpu()) value = step_.value(batch, embeddings, loss);
    if (step_.backward(batch, embeddings, loss)) epoch.has_gradient = true;
    // One synchronisation a step, for the loss and the gradient's norm together: whether they are finite has
    // to be known before the weights are touched, since what is not a number would spoil them and the
    // optimizer's state.
    if (!loss.is_cpu()) value = step_.value(batch, embeddings, loss);
  }
  if (value != 0) epoch.has_loss = true;
  ++report_.steps;
  ++all_steps_;
  epoch.loss_sum += value;
  return embeddings.detach();
}

/// Warns when the loss was 0 in every batch from the first step on: then nothing was learned. Later it may be
/// that everything was.
void Trainer::watch_loss(const Epoch& epoch) {
  if (epoch.number > 0 || epoch.first_step > 0 || epoch.has_loss || epoch.steps() == 0) return;
  context_.warning(
      "the loss was 0 in every batch of the first epoch, so nothing is learned: batches may lack two samples "
      "of a class or a second class, or all pairs already keep the margin; take the batch sampler p_k with 2 "
      "or more classes and samples, a larger margin, or another loss or miner");
}

/// Where there is no validation, whose embeddings are not blurred by dropout. Outside of the CPU once an
/// epoch, since it is a look at the device.
void Trainer::watch_collapse(Epoch& epoch, const at::Tensor& embeddings) {
  if (data_.validation_labels().numel() > 0) return;
  const auto all = composer_.row_count(largest_batch_), rank = communicator_.rank();
  const auto mine = first_of_rank(all, rank + 1, communicator_) - first_of_rank(all, rank, communicator_);
  if (embeddings.size(0) != mine) return;
  if (epoch.was_watched && !embeddings.is_cpu()) return;
  epoch.was_watched = true;
  collapse_.look_at(embeddings);
}

/// Averages, validates, and writes down what the epoch gave.
void Trainer::finish_epoch(int64_t number, double start, EpochResult& result) {
  check_state(number);
  if (options_.swa_start > 0 && number + 1 >= options_.swa_start && result.steps_now > 0) {
    average_->add_to_mean();  // a resumed epoch without steps was added before it was interrupted
  }
  if (average_) average_->put_in();
  expect_same_everywhere(parts_.loss->memories(), communicator_);
  if (communicator_.size() > 1) take_from_first(running_statistics(model_), communicator_);
  // Should it fail, the steps are kept and the resumed run repeats the validation.
  result.validation = validator_.validate(largest_batch_);
  result.train_loss = take_from_first(result.train_loss, communicator_);
  for (auto& [name, value] : result.validation) value = take_from_first(value, communicator_);
  const double seconds = now_seconds() - start;
  report_.epoch_seconds.push_back(seconds);
  report_.epochs = number + 1;
  checkpointer_.inconsistent();  // between what is noted of the epoch and its line in the history
  const bool is_best = best_.note(number + 1, decides_ ? result.value(best_.monitor()) : std::nan(""));
  if (average_) average_->take_out();
  if (communicator_.rank() == 0) history_.append(number, result, seconds, is_best);
  checkpointer_.consistent_at({number + 1, 0, 0});
  checkpointer_.keep();
  if (communicator_.rank() == 0) history_.track(number, result, all_steps_);
}

}  // namespace kindred::host
