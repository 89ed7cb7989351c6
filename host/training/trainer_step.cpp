#include "host/training/trainer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/base/random_streams.hpp"
#include "host/loader/guarded_call.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// What training moves without a gradient: running statistics of the trained stages and of the heads.
std::vector<NamedTensor> statistics_of(const Model& model) {
  auto all = model.heads.buffers();
  for (const auto& part : model.encoders) {
    for (const auto& one : part.encoder->buffers()) {
      if (part.encoder->stage_of(one.name) >= part.first_trained) all.push_back(one);
    }
  }
  return all;
}

}  // namespace

/// Forward and backward of a batch; the gradient is multiplied by `factor`.
Trainer::Learned Trainer::learn(const at::Tensor& rows, const TrainingData::Step& batch, Place place,
                                double factor) {
  const auto size = batch.labels.numel(), part = options_.gradient_cache;
  const bool in_parts = part > 0 && part < size;
  // The first pass only says where the embeddings are; the second one repeats what it drew.
  const auto seed_part = [&](int64_t first) {
    at::manual_seed(
        random_stream(options_.seed, Stream::part_of_batch, place.epoch, place.step, first).next() >> 1);
  };
  const auto part_of = [&](int64_t first) {
    return model_.apply_heads(batch.encode(at::arange(first, std::min(first + part, size), at::kLong)));
  };
  at::Tensor embeddings;
  if (in_parts) {
    at::NoGradGuard no_grad;
    const auto statistics = snapshot(statistics_of(model_));
    std::vector<at::Tensor> parts;
    for (int64_t first = 0; first < size; first += part) {
      seed_part(first);
      parts.push_back(part_of(first));
    }
    restore(statistics_of(model_), statistics);  // the second pass moves them
    embeddings = at::cat(parts);
  } else {
    embeddings = model_.apply_heads(batch.encode({}));
  }
  if (in_parts) embeddings.requires_grad_(true);
  const auto loss = step_loss(rows, batch, embeddings);
  if (!loss.defined()) return {embeddings.detach(), 0, false};
  const double value = loss.item<double>();
  if (!std::isfinite(value)) throw_not_finite(value, embeddings, place.epoch, place.step);
  if (!loss.requires_grad()) return {embeddings, value, false};
  guard(parts_.loss->plugin(), parts_.loss->name(), "backward",
        [&] { (factor == 1 ? loss : loss * factor).backward(); });
  if (!in_parts) return {embeddings, value, true};
  const auto gradient = embeddings.grad();
  for (int64_t first = 0; gradient.defined() && first < size; first += part) {
    seed_part(first);
    const auto again = part_of(first);
    if (!again.requires_grad()) continue;
    again.backward(gradient.slice(0, first, std::min(first + part, size)));
  }
  return {embeddings.detach(), value, true};
}

/// Undefined when no pair of the batch could be read.
at::Tensor Trainer::step_loss(const at::Tensor& batch, const TrainingData::Step& step,
                              const at::Tensor& embeddings) {
  if (!pairs_) return parts_.loss->forward(embeddings, step.labels, step.samples, all_steps_);
  const auto pairs =
      pairs_->scored(batch, embeddings, step.samples, data_.samples_of(pairs_->objects(batch)));
  return pairs.a.size(0) == 0 ? at::Tensor() : parts_.loss->forward(pairs);
}

/// Again after the training rows have changed.
void Trainer::take_pairs() {
  const auto pairs = data_.train_pairs();
  if (!pairs.defined()) return;
  if (pairs.rows.size(0) == 0) throw Error("no pair has both of its objects on the training side");
  pairs_ = std::make_unique<PairBatches>(pairs, data_.labels());
}

void Trainer::throw_not_finite(double loss, const at::Tensor& embeddings, int64_t epoch, int64_t step) const {
  const bool sound = embeddings.isfinite().all().item<bool>();
  throw Error(
      fmt::format("the loss {} is {} in epoch {}, step {}, on embeddings that {}; lower train.optimizer.lr, "
                  "or set train.gradient_clip",
                  parts_.loss->name(), loss, epoch + 1, step + 1,
                  sound ? "are finite"
                        : "are not finite either: the weights ran away, or encoder or head "
                          "divides by zero"));
}

void Trainer::update_weights(int64_t epoch, int64_t step) {
  if (!optimizer_->step()) {
    throw Error(fmt::format("the gradient is not finite in epoch {}, step {}; lower train.optimizer.lr",
                            epoch + 1, step + 1));
  }
  if (average_ && options_.ema > 0) average_->update();
}

}  // namespace kindred::host
