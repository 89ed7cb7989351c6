#include "host/training/training_step.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/base/random_streams.hpp"
#include "host/distributed/global_batch.hpp"
#include "host/loader/guarded_call.hpp"
#include "kindred/error.hpp"
#include "kindred/finite.hpp"

namespace kindred::host {

TrainingStep::TrainingStep(const TrainingOptions& options, Parts parts) : options_(options), parts_(parts) {}

void TrainingStep::begin_group() {
  parts_.optimizer.zero_gradients();
  gradients_summed_ = false;
  squared_norm_.reset();
}

bool TrainingStep::in_parts(const StepBatch& batch) const {
  return options_.gradient_cache > 0 && options_.gradient_cache < batch.data.labels.numel();
}

/// The part of a batch that begins at `first` ends here. A last one of one sample is taken with the one
/// before it where something in the model needs more.
int64_t TrainingStep::end_of_part(const StepBatch& batch, int64_t first) const {
  const auto size = batch.data.labels.numel(), end = std::min(first + options_.gradient_cache, size);
  return joins_last_sample_ && end == size - 1 ? size : end;
}

/// Embeddings of one part of a batch. Its generator is set for it alone, so that the second pass draws what
/// the first one drew.
at::Tensor TrainingStep::part_of(const StepBatch& batch, int64_t first) const {
  const auto end = end_of_part(batch, first), rank = parts_.communicator.rank();
  auto random =
      rank == 0
          ? random_stream(options_.seed, Stream::part_of_batch, batch.epoch, batch.step, first)
          : random_stream(options_.seed, Stream::part_of_batch_of_rank, batch.epoch, batch.step, first, rank);
  at::manual_seed(random.next() >> 1);
  return parts_.model.apply_heads(batch.data.encode(at::arange(first, end, at::kLong)));
}

/// The global generator is set per step, so that dropout repeats after a resume too. Rows of different
/// processes drop different numbers.
void TrainingStep::seed_forward(const StepBatch& batch) const {
  const auto rank = parts_.communicator.rank();
  auto random = rank == 0 ? random_stream(options_.seed, Stream::step, batch.epoch, batch.step)
                          : random_stream(options_.seed, Stream::step_of_rank, batch.epoch, batch.step, rank);
  at::manual_seed(random.next() >> 1);
}

/// Every process has the loss of the whole batch, so that a miner has to draw the same in each. A
/// process alone draws on behind the forward pass.
void TrainingStep::seed_loss(const StepBatch& batch) const {
  if (parts_.communicator.size() == 1) return;
  at::manual_seed(random_stream(options_.seed, Stream::step, batch.epoch, batch.step).next() >> 1);
}

at::Tensor TrainingStep::forward(const StepBatch& batch) {
  seed_forward(batch);
  const auto size = batch.data.labels.numel();
  parts_.statistics.begin_batch(size);
  if (in_parts(batch)) {
    auto embeddings = forward_in_parts(batch);
    if (!embeddings.defined()) {
      if (options_.gradient_cache == 1) {
        throw Error(
            "train.gradient_cache is 1, so that every part of a batch has one sample, of which a batch norm "
            "of "
            "the model has no variance; set it to at least 2");
      }
      joins_last_sample_ = true;
      embeddings = forward_in_parts(batch);
    }
    return embeddings;
  }
  at::Tensor embeddings;
  const auto compute = [&] { embeddings = parts_.model.apply_heads(batch.data.encode({})); };
  bool is_sound = true;
  if (size == 1) {
    is_sound = leaves_statistics_sound(compute);
  } else {
    compute();
  }
  // Processes that share a batch leave it out together. They ask each other where a part is that small.
  const auto smallest = parts_.composer.rows_of(batch.composed).numel() / parts_.communicator.size();
  if (smallest <= 1) is_sound = !parts_.communicator.any(!is_sound);
  return is_sound ? embeddings : at::Tensor();
}

/// Undefined where a part of one sample cannot be computed.
at::Tensor TrainingStep::forward_in_parts(const StepBatch& batch) const {
  at::NoGradGuard no_grad;
  const auto size = batch.data.labels.numel();
  const auto statistics = snapshot(running_statistics(parts_.model));
  std::vector<at::Tensor> embeddings;
  bool is_sound = true;
  for (int64_t first = 0; first < size && is_sound; first = end_of_part(batch, first)) {
    const auto compute = [&] { embeddings.push_back(part_of(batch, first)); };
    if (end_of_part(batch, first) - first == 1) {
      is_sound = leaves_statistics_sound(compute);
    } else {
      compute();
    }
  }
  restore(running_statistics(parts_.model), statistics);  // the second pass moves them
  return is_sound ? at::cat(embeddings).requires_grad_(true) : at::Tensor();
}

/// One sample may be too little for a batch norm that the host does not know: some refuse it, in others 0 / 0
/// becomes the running variance, which nobody would see before the end. Returns false then; the statistics
/// are what they were before.
bool TrainingStep::leaves_statistics_sound(const std::function<void()>& compute) const {
  const auto present = running_statistics(parts_.model);
  const auto before = snapshot(present);
  try {
    compute();
    if (what_is_no_weight(present, [](const std::string&) { return true; }).empty()) return true;
  } catch (const PluginError& error) {
    if (std::string(error.what()).find("more than 1 value per channel") == std::string::npos) throw;
  }
  restore(present, before);
  return false;
}

at::Tensor TrainingStep::loss(const StepBatch& batch, const at::Tensor& embeddings) const {
  seed_loss(batch);
  auto& communicator = parts_.communicator;
  const auto all = gathered_embeddings(embeddings, communicator);
  const auto samples = gathered(batch.data.samples, communicator);
  const auto* pairs = parts_.composer.pairs();
  if (pairs == nullptr) {
    return parts_.loss.forward(all, gathered(batch.data.labels, communicator), samples, batch.all_steps,
                               communicator);
  }
  const auto scored = pairs->scored(batch.composed, all, samples,
                                    tensor_of(parts_.data.samples_of(pairs->objects(batch.composed))));
  return scored.a.size(0) == 0 ? at::Tensor() : parts_.loss.forward(scored);
}

bool TrainingStep::backward(const StepBatch& batch, const at::Tensor& embeddings,
                            const at::Tensor& loss) const {
  if (!loss.requires_grad()) return false;
  guard(parts_.loss.plugin(), parts_.loss.name(), "backward",
        [&] { (batch.factor == 1 ? loss : loss * batch.factor).backward(); });
  if (!in_parts(batch)) return true;
  const auto gradient = embeddings.grad();
  const auto size = batch.data.labels.numel();
  for (int64_t first = 0, end = 0; gradient.defined() && first < size; first = end) {
    end = end_of_part(batch, first);
    const auto again = part_of(batch, first);
    if (!again.requires_grad()) continue;
    again.backward(gradient.slice(0, first, end));
  }
  return true;
}

double TrainingStep::value(const StepBatch& batch, const at::Tensor& embeddings, const at::Tensor& loss) {
  double number = 0;
  const auto square = loss.is_cpu() || !batch.ends_group ? at::Tensor() : squared_norm();
  if (square.defined()) {
    const auto both = at::stack({loss.detach().to(at::kDouble).reshape({}), square}).cpu();
    number = both[0].item<double>();
    squared_norm_ = both[1].item<double>();
  } else {
    number = loss.item<double>();
  }
  if (!std::isfinite(number)) throw_not_finite(number, embeddings, batch);
  return number;
}

/// Returns the squared norm of the group's gradient, summed over the processes; float64 () on its device;
/// undefined where there is none.
at::Tensor TrainingStep::squared_norm() {
  const auto& groups = parts_.parameters.groups;
  if (!gradients_summed_) {
    for (auto& one : parts_.parameters.low_rank) one.take_gradient();
    sum_gradients(groups.encoder, {}, parts_.communicator);
    sum_gradients(groups.head, groups.loss, parts_.communicator);
    gradients_summed_ = true;
  }
  return parts_.optimizer.squared_gradient_norm();
}

void TrainingStep::update(int64_t epoch, int64_t step) {
  if (!squared_norm_) {
    const auto square = squared_norm();
    squared_norm_ = square.defined() ? square.item<double>() : 0;
  }
  // Other processors may add up to another last digit, and weights would drift apart.
  squared_norm_ = take_from_first(*squared_norm_, parts_.communicator);
  if (!parts_.optimizer.step(std::sqrt(*squared_norm_))) {
    throw Error(fmt::format("the gradient is not finite in epoch {}, step {}; lower train.optimizer.lr",
                            epoch + 1, step + 1));
  }
  for (auto& one : parts_.parameters.low_rank) one.write_weight();
  if (parts_.average != nullptr && options_.ema > 0) parts_.average->update();
}

void TrainingStep::throw_not_finite(double loss, const at::Tensor& embeddings, const StepBatch& batch) const {
  const auto wrong = rows_not_finite(embeddings);
  const auto place = fmt::format("in epoch {}, step {}", batch.epoch + 1, batch.step + 1);
  if (wrong.numel() > 0 && wrong.numel() < embeddings.size(0)) {
    const auto sample = batch.data.samples[wrong[0].item<int64_t>()].item<int64_t>();
    throw Error(fmt::format(
        "the loss {} is {} {}, since the embeddings of {} of its {} samples are not finite, the first "
        "is that of {}; look at the sample, and at what encoder and head make of it",
        parts_.loss.name(), loss, place, wrong.numel(), embeddings.size(0),
        parts_.data.sample_name(SampleIndex{sample})));
  }
  throw Error(
      fmt::format("the loss {} is {} {}, on embeddings that {}; lower train.optimizer.lr, "
                  "or set train.gradient_clip",
                  parts_.loss.name(), loss, place,
                  wrong.numel() == 0 ? "are finite"
                                     : "are not finite either: the weights ran away, or encoder or head "
                                       "divides by zero"));
}

}  // namespace kindred::host
