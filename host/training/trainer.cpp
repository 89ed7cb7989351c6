#include "host/training/trainer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "host/base/clock.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/memory.hpp"
#include "host/base/progress.hpp"
#include "host/base/random_streams.hpp"
#include "host/training/tensor_patterns.hpp"
#include "kindred/distance.hpp"

namespace kindred::host {
namespace {

constexpr double kCheckpointSeconds = 60;  // between two checkpoints of a running epoch loop

}  // namespace

Trainer::Trainer(const TrainingOptions& options, const std::vector<EncoderSpec>& encoders,
                 const MeasureOptions& measuring, Parts parts, Model& model, TrainingData& data,
                 at::Device device, std::string folder, Context& context)
    : options_(options),
      encoders_(encoders),
      measuring_(measuring),
      parts_(std::move(parts)),
      model_(model),
      data_(data),
      device_(device),
      folder_(std::move(folder)),
      context_(context),
      encoder_learns_(model.learns()) {
  report_.monitor = options.early_stopping.monitor;
  if (report_.monitor.empty()) {
    report_.monitor =
        data.validation_labels().numel() > 0 ? "validation." + parts_.metrics.front()->name() : "train.loss";
  }
  const auto& mode = options.early_stopping.mode;
  minimise_ = mode == MonitorMode::min || (mode == MonitorMode::automatic && is_loss_name(report_.monitor));
  report_.best_value =
      minimise_ ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();

  auto groups = parameter_groups();
  optimizer_ = std::make_unique<Optimizer>(options.optimizer, options.schedule, options.epochs,
                                           options.gradient_clip, groups);
  if (parts_.sampler->refresh_epochs() > 0) {
    const auto classes = std::get<0>(at::_unique(data.labels())).numel();
    class_means_ = at::zeros({classes, model.present_dimension()}, at::kFloat);
  }
  take_pairs();
  if (options.ema > 0 || options.swa_start > 0) average_weights(groups);
}

ParameterGroups Trainer::parameter_groups() {
  ParameterGroups groups;
  groups.encoder = trained_encoder_parameters(model_);
  groups.head = model_.heads.parameters();
  groups.loss = parts_.loss->parameters();
  const auto factors_of = [&](const std::string& role, const std::vector<NamedTensor>& tensors) {
    std::vector<double> factors;
    for (const auto& one : tensors) {
      trained_.push_back({role + one.name, one.tensor});
      factors.push_back(lr_factor(options_, trained_.back().name));
    }
    return factors;
  };
  groups.encoder_factors = factors_of("encoder.", groups.encoder);
  groups.head_factors = factors_of("head.", groups.head);
  groups.loss_factors = factors_of("loss.", groups.loss);
  size_t next = 0;
  for (size_t i = 0; i < model_.encoders.size(); ++i) {
    const auto& encoder = model_.encoders[i];
    const auto& of_stages = encoders_[i].lr_multipliers;
    const auto stages = encoder.encoder->stages();
    for (const auto& one : encoder.trained_parameters()) {
      const auto factor = of_stages.find(stages[static_cast<size_t>(encoder.encoder->stage_of(one.name))]);
      if (factor != of_stages.end()) groups.encoder_factors[next] *= factor->second;
      ++next;
    }
  }
  std::vector<std::string> names;
  for (const auto& one : trained_) names.push_back(one.name);
  check_patterns(options_, names);
  return groups;
}

/// Running statistics that move are averaged too: they belong to the weights.
void Trainer::average_weights(const ParameterGroups& groups) {
  const bool frozen = std::all_of(encoders_.begin(), encoders_.end(),
                                  [](const EncoderSpec& one) { return one.batch_norms_frozen; });
  auto weights = frozen ? groups.encoder : trained_encoder_tensors(model_);
  for (const auto* more : {&groups.head, &groups.loss})
    weights.insert(weights.end(), more->begin(), more->end());
  for (auto& one : model_.heads.buffers()) weights.push_back(one);
  weights.erase(std::remove_if(weights.begin(), weights.end(),
                               [](const NamedTensor& one) { return !one.tensor.is_floating_point(); }),
                weights.end());
  for (size_t i = 0; i < weights.size(); ++i) weights[i].name = std::to_string(i) + "." + weights[i].name;
  average_ = std::make_unique<WeightAverage>(weights, options_.ema);
}

TrainReport Trainer::train() {
  const double start = now_seconds();
  last_checkpoint_ = start;
  if (encoder_learns_) keep_freed_memory(kKeepSmaller);
  try {
    run_epochs();
  } catch (const Interrupted&) {
    save_after_failure();
    report_.interrupted = true;
  } catch (const std::exception&) {
    save_after_failure();
    throw;
  }
  if (!report_.interrupted && out_of_patience()) report_.stopped_early = true;
  if (encoder_learns_) keep_freed_memory(kKeepAll);  // what follows measures and encodes
  report_.train_seconds = now_seconds() - start;
  if (!report_.interrupted) save_checkpoint(report_.epochs, 0, 0);
  if (!best_.empty()) {
    restore(state(), best_);
  } else {
    swap_average();
  }
  if (best_.empty() && report_.epochs > 0) {
    report_.warnings.push_back("no epoch had a defined " + report_.monitor +
                               "; the last epoch's weights are kept");
    context_.warning(report_.warnings.back());
  }
  data_.train_encoder(false);
  model_.heads.train(false);
  return report_;
}

void Trainer::run_epochs() {
  Progress progress("training", "epochs", options_.epochs, context_);
  whole_ = first_;
  for (int64_t epoch = first_.epoch; epoch < options_.epochs; ++epoch) {
    if (out_of_patience()) {  // also right after a resume
      report_.stopped_early = true;
      break;
    }
    const double epoch_start = now_seconds();
    EpochResult result;
    if (!run_steps(epoch, result)) {
      report_.step_seconds += now_seconds() - epoch_start;
      report_.interrupted = true;
      break;
    }
    result.step_seconds = now_seconds() - epoch_start;
    report_.step_seconds += result.step_seconds;
    if (options_.swa_start > 0 && epoch + 1 >= options_.swa_start && result.steps_now > 0) {
      average_->add_to_mean();  // a resumed epoch without steps was added before it was interrupted
    }
    swap_average();
    validate(result);  // should it fail, the steps are kept and the resumed run repeats the validation
    const double seconds = now_seconds() - epoch_start;
    report_.epoch_seconds.push_back(seconds);
    report_.epochs = epoch + 1;
    whole_.reset();  // between what is noted of the epoch and its line in the history
    const bool best = note_result(epoch, result);
    swap_average();
    append_history(epoch, result, seconds, best);
    whole_ = {epoch + 1, 0};
    keep(*whole_);
    track(epoch, result);
    std::string note = fmt::format("loss {:.4f}", result.train_loss);
    for (const auto& [name, value] : result.validation)
      note += fmt::format(", validation {} {:.4f}", name, value);
    progress.update(epoch + 1, note);
    if (now_seconds() - last_checkpoint_ > kCheckpointSeconds) save_checkpoint(epoch + 1, 0, 0);
    if (context_.interrupted()) {
      report_.interrupted = true;
      save_checkpoint(epoch + 1, 0, 0);
      break;
    }
  }
  progress.finish();
}

/// Exchanges the weights and their average, where there is one already.
void Trainer::swap_average() {
  if (!average_ || average_->updates() == 0) return;
  average_->swap();
  swapped_ = !swapped_;
}

bool Trainer::out_of_patience() const {
  const auto patience = options_.early_stopping.patience;
  return patience > 0 && since_best_ >= patience;
}

bool Trainer::run_steps(int64_t epoch, EpochResult& result) {
  const auto seed = options_.seed;
  const auto refresh = parts_.sampler->refresh_epochs();
  // Not in the middle of an epoch that is resumed: its batches are those of the means at its beginning.
  if (refresh > 0 && epoch % refresh == 0 && !(epoch == first_.epoch && first_.step > 0)) show_class_means();
  const auto batches = parts_.sampler->batches(pairs_ ? pairs_->labels() : data_.labels(), seed, epoch);
  const auto steps = static_cast<int64_t>(batches.size());
  largest_batch_ = 0;
  for (const auto& batch : batches) largest_batch_ = std::max(largest_batch_, batch.numel());
  const int64_t first = epoch == first_.epoch ? std::min(first_.step, steps) : 0;
  optimizer_->start_epoch(epoch);
  for (auto& one : trained_) one.tensor.requires_grad_(!is_frozen(options_, one.name, epoch));
  data_.train_encoder(true);
  model_.heads.train(true);
  parts_.loss->train(true);
  std::vector<at::Tensor> rows = batches;  // of the training side
  if (pairs_) {
    for (auto& one : rows) one = pairs_->objects(one);
  }
  data_.start_epoch(rows, first, epoch);
  Progress progress(fmt::format("epoch {}", epoch + 1), "steps", steps, encoder_learns_ ? context_ : silent_);
  // Summed on the device: one synchronisation an epoch, not one a step, unless steps are slow anyway.
  double sum = epoch == first_.epoch ? first_.loss_sum : 0;
  const int64_t group = options_.accumulate;  // batches per step of the optimizer
  bool has_gradient = false;
  for (int64_t step = first; step < steps; ++step) {
    // The global generator is set per step, so that dropout repeats after a resume too.
    at::manual_seed(random_stream(seed, Stream::step, epoch, step).next() >> 1);
    auto batch = data_.next();
    if (step % group == 0) optimizer_->zero_gradients();
    const bool ends_group = (step + 1) % group == 0 || step + 1 == steps;
    whole_.reset();
    if (batch.labels.numel() > 0) {
      const auto batches_of_step = std::min(group, steps - step / group * group);
      const auto learned = learn(batches[static_cast<size_t>(step)], batch, {epoch, step},
                                 1 / static_cast<double>(batches_of_step));
      has_gradient = has_gradient || learned.has_gradient;
      ++report_.steps;
      ++all_steps_;
      sum += learned.loss;
      progress.update(step + 1, fmt::format("loss {:.4f}", sum / static_cast<double>(step + 1)));
      // Where there is no validation, whose embeddings are not blurred by dropout.
      if (data_.validation_labels().numel() == 0 &&
          batch.labels.numel() == (pairs_ ? 2 : 1) * largest_batch_) {
        warn_when_collapsed(learned.embeddings);
      }
    }
    if (!ends_group) continue;
    if (has_gradient) update_weights(epoch, step);
    has_gradient = false;
    whole_ = {epoch, step + 1, sum};
    if (step + 1 == steps) break;
    if (context_.interrupted()) {
      save_checkpoint(epoch, step + 1, sum);
      return false;
    }
    if (encoder_learns_ && now_seconds() - last_checkpoint_ > kCheckpointSeconds) {
      save_checkpoint(epoch, step + 1, sum);
    }
  }
  result.steps = steps;
  result.steps_now = steps - first;
  result.loss_sum = sum;
  result.train_loss = sum / static_cast<double>(steps);
  return true;
}

void Trainer::show_class_means() {
  at::NoGradGuard no_grad;
  data_.train_encoder(false);
  model_.heads.train(false);
  const auto raw = data_.train_embeddings();
  const auto x = model_.apply_heads(raw).cpu();
  const auto [classes, place] = at::_unique(data_.labels(), true, true);
  const auto sums = at::zeros({classes.numel(), x.size(1)}, at::kFloat).index_add(0, place, l2_normalized(x));
  const auto means = l2_normalized(sums);
  if (means.sizes() == class_means_.sizes()) {
    class_means_.copy_(means);
  } else {
    class_means_ = means;  // no sample of a class can be read
  }
  parts_.sampler->see_class_means(classes, class_means_);
  take_pairs();
}

}  // namespace kindred::host
