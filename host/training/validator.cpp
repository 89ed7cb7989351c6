#include "host/training/validator.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/base/random_streams.hpp"
#include "host/data/pair_lists.hpp"
#include "host/evaluation/evaluation.hpp"
#include "kindred/error.hpp"
#include "kindred/finite.hpp"

namespace kindred::host {

Validator::Validator(const Options& options, const MeasureOptions& measuring,
                     const std::vector<std::shared_ptr<Metric>>& metrics, const Model& model,
                     TrainingData& data, TrainingLoss& loss, CollapseWatch& collapse,
                     Communicator& communicator)
    : options_(options),
      measuring_(measuring),
      metrics_(metrics),
      model_(model),
      data_(data),
      loss_(loss),
      collapse_(collapse),
      communicator_(communicator) {}

std::map<std::string, double> Validator::validate(int64_t batch_size) {
  std::map<std::string, double> values;
  if (data_.validation_labels().numel() == 0) return values;
  at::NoGradGuard no_grad;
  data_.train_encoder(false);
  model_.heads.train(false);
  loss_.train(false);
  const auto raw = data_.validation_embeddings();
  const auto embeddings = model_.apply_heads(raw);
  if (const auto wrong = rows_not_finite(embeddings); wrong.numel() > 0) {
    throw Error(
        fmt::format("the embeddings of {} of {} validation samples are not finite, the first is that of {}; "
                    "look at the sample, or lower train.optimizer.lr",
                    wrong.numel(), embeddings.size(0), data_.validation_name(wrong[0].item<int64_t>())));
  }
  collapse_.look_at(embeddings);
  if (loss_.can_validate()) values["loss"] = mean_loss(embeddings, std::max<int64_t>(batch_size, 1));
  if (options_.with_metrics) {
    EvaluationOptions how;
    how.bootstrap_samples = 0;
    how.tile_bytes = measuring_.tile_bytes();
    how.group = &communicator_;
    const auto task = data_.validation_task(measuring_);
    for (const auto& one : evaluate_metrics(embeddings, task, metrics_, how)) values[one.name] = one.mean;
  }
  return values;
}

/// The samples are in one fixed random order, so that a batch holds several of a class whatever the file
/// order.
double Validator::mean_loss(const at::Tensor& embeddings, int64_t batch_size) {
  const auto seed = options_.seed;
  // Miners may draw; what they draw does not depend on what was drawn before.
  at::manual_seed(random_stream(seed, Stream::validation_draw).next() >> 1);
  const auto pairs = data_.validation_pairs();
  const auto& labels = data_.validation_labels();
  std::unique_ptr<PairBatches> scored;
  if (pairs.defined()) scored = std::make_unique<PairBatches>(pairs, labels);
  const auto rows = scored ? scored->labels().numel() : labels.numel();
  if (rows == 0) return std::nan("");
  std::vector<int64_t> order(static_cast<size_t>(rows));
  for (int64_t i = 0; i < rows; ++i) order[static_cast<size_t>(i)] = i;
  auto random = random_stream(seed, Stream::validation_order);
  random.shuffle(order.begin(), order.end());
  const auto index = at::tensor(order, at::kLong);
  // Summed in float64 where the loss is, so that there is one look at the device.
  auto sum = at::zeros({}, at::TensorOptions().dtype(at::kDouble).device(options_.device));
  for (int64_t begin = 0; begin < rows; begin += batch_size) {
    const auto part = index.slice(0, begin, std::min(begin + batch_size, rows));
    const auto loss = loss_of(part, embeddings, scored.get()).to(at::kDouble).reshape({});
    sum.add_(loss * static_cast<double>(part.numel()));
  }
  return sum.item<double>() / static_cast<double>(rows);
}

/// Computes the loss of the validation rows, or pairs, whose numbers are in `part`.
at::Tensor Validator::loss_of(const at::Tensor& part, const at::Tensor& embeddings,
                              const PairBatches* pairs) {
  const auto& device = options_.device;
  if (pairs == nullptr) {
    return loss_.validate(embeddings.index_select(0, part.to(device)),
                          data_.validation_labels().index_select(0, part).to(device));
  }
  const auto objects = pairs->objects(part);
  return loss_.forward(pairs->scored(part, embeddings.index_select(0, objects.to(device)), objects, objects));
}

}  // namespace kindred::host
