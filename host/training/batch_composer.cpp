#include "host/training/batch_composer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "kindred/distance.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

BatchComposer::BatchComposer(BatchSampler& sampler, TrainingData& data, const Model& model, uint64_t seed)
    : sampler_(sampler), data_(data), model_(model), seed_(seed), refresh_epochs_(sampler.refresh_epochs()) {
  if (refresh_epochs_ > 0) {
    const auto classes = std::get<0>(at::_unique(data.labels())).numel();
    class_means_ = at::zeros({classes, model.present_dimension()}, at::kFloat);
  }
  take_pairs();
}

bool BatchComposer::needs_class_means(int64_t epoch) const {
  return refresh_epochs_ > 0 && epoch % refresh_epochs_ == 0;
}

void BatchComposer::show_class_means() {
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
  sampler_.see_class_means(classes, class_means_);
  take_pairs();
}

std::vector<at::Tensor> BatchComposer::batches(int64_t epoch) {
  return sampler_.batches(pairs_ ? pairs_->labels() : data_.labels(), seed_, epoch);
}

std::vector<NamedTensor> BatchComposer::tensors() const {
  if (!class_means_.defined()) return {};
  return {{"sampler.class_means", class_means_}};
}

void BatchComposer::restored() {
  if (!class_means_.defined()) return;
  sampler_.see_class_means(std::get<0>(at::_unique(data_.labels(), true)), class_means_);
}

/// Takes the pairs of the training rows; it is called again after these have changed.
void BatchComposer::take_pairs() {
  const auto pairs = data_.train_pairs();
  if (!pairs.defined()) return;
  if (pairs.rows.size(0) == 0) throw Error("no pair has both of its objects on the training side");
  pairs_ = std::make_unique<PairBatches>(pairs, data_.labels());
}

}  // namespace kindred::host
