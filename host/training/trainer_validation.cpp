#include "host/training/trainer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/base/random_streams.hpp"
#include "host/evaluation/evaluation.hpp"
#include "kindred/distance.hpp"

namespace kindred::host {
namespace {

constexpr double kCollapsedNorm = 0.999;  // of the mean of normalised embeddings: all point one way

}  // namespace

bool is_loss_name(const std::string& monitor) {
  return monitor.size() >= 5 && monitor.compare(monitor.size() - 5, 5, ".loss") == 0;
}

void Trainer::validate(EpochResult& result) {
  const auto& labels = data_.validation_labels();
  if (labels.numel() == 0) return;
  at::NoGradGuard no_grad;
  data_.train_encoder(false);
  model_.heads.train(false);
  parts_.loss->train(false);
  const auto raw = data_.validation_embeddings();
  const auto embeddings = model_.apply_heads(raw);
  warn_when_collapsed(embeddings);
  if (parts_.loss->can_validate()) result.validation["loss"] = validation_loss(embeddings);
  // A search is cheap beside an epoch of a learning encoder, but not beside one on cached embeddings.
  const bool metric_is_monitored =
      report_.monitor.rfind("validation.", 0) == 0 && !is_loss_name(report_.monitor);
  if (metric_is_monitored || encoder_learns_) {
    EvaluationOptions options;
    options.bootstrap_samples = 0;
    options.tile_bytes = measuring_.tile_bytes();
    const auto task = data_.validation_task(measuring_);
    for (const auto& value : evaluate_metrics(embeddings, task, parts_.metrics, options)) {
      result.validation[value.name] = value.mean;
    }
  }
}

/// In one fixed random order, so that a batch holds several samples of a class whatever the file order.
double Trainer::validation_loss(const at::Tensor& embeddings) {
  const auto seed = options_.seed;
  // Miners may draw; what they draw does not depend on what was drawn before.
  at::manual_seed(random_stream(seed, Stream::validation_draw).next() >> 1);
  const auto pairs = data_.validation_pairs();
  const auto& labels = data_.validation_labels();
  std::unique_ptr<PairBatches> scored;
  if (pairs.defined()) scored = std::make_unique<PairBatches>(pairs, labels);
  const auto rows = scored ? scored->labels().numel() : labels.numel();
  std::vector<int64_t> order(static_cast<size_t>(rows));
  for (int64_t i = 0; i < rows; ++i) order[static_cast<size_t>(i)] = i;
  auto random = random_stream(seed, Stream::validation_order);
  random.shuffle(order.begin(), order.end());
  const auto index = at::tensor(order, at::kLong);
  const int64_t size = std::max<int64_t>(largest_batch_, 1);
  double sum = 0;
  for (int64_t begin = 0; begin < rows; begin += size) {
    const auto part = index.slice(0, begin, std::min(begin + size, rows));
    at::Tensor loss;
    if (scored) {
      const auto objects = scored->objects(part);
      const std::vector<int64_t> asked(objects.data_ptr<int64_t>(),
                                       objects.data_ptr<int64_t>() + objects.numel());
      loss = parts_.loss->forward(
          scored->scored(part, embeddings.index_select(0, objects.to(device_)), objects, asked));
    } else {
      loss = parts_.loss->validate(embeddings.index_select(0, part.to(device_)),
                                   labels.index_select(0, part).to(device_));
    }
    sum += loss.item<double>() * static_cast<double>(part.numel());
  }
  return rows == 0 ? std::nan("") : sum / static_cast<double>(rows);
}

double Trainer::monitored(const EpochResult& result) const {
  if (report_.monitor == "train.loss") return result.train_loss;
  return result.validation.at(report_.monitor.substr(std::string("validation.").size()));
}

bool Trainer::note_result(int64_t epoch, const EpochResult& result) {
  const double value = monitored(result);
  const double delta = options_.early_stopping.min_delta;
  const bool better = minimise_ ? value < report_.best_value - delta : value > report_.best_value + delta;
  // The weights first: should the copy fail, what is said of the best epoch still holds for those kept.
  if (better) best_ = snapshot(state());
  since_best_ = better ? 0 : since_best_ + 1;
  if (!better) return false;
  report_.best_value = value;
  report_.best_epoch = epoch + 1;
  return true;
}

void Trainer::warn_when_collapsed(const at::Tensor& embeddings) {
  if (collapse_noted_ || embeddings.size(0) < 8) return;
  at::NoGradGuard no_grad;
  const auto unit = l2_normalized(embeddings.detach());
  const double norm = unit.mean(0).norm().item<double>();
  if (norm < kCollapsedNorm) return;
  collapse_noted_ = true;
  report_.warnings.push_back(
      fmt::format("the embeddings have collapsed: all point into nearly the same direction (mean cosine "
                  "{:.4f}); try a lower "
                  "learning rate, a larger batch or another mining",
                  norm * norm));
  context_.warning(report_.warnings.back());
}

}  // namespace kindred::host
