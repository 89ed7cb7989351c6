#include "host/training_data/joined_training_data.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "host/data/views.hpp"
#include "host/model/encode.hpp"

namespace kindred::host {
namespace {

/// Places of the entries of int64 `samples` that are also in `others`: a sample that an encoder cannot read
/// is missing at each of its places.
at::Tensor places_in_both(const at::Tensor& samples, const at::Tensor& others) {
  const std::set<int64_t> known(others.data_ptr<int64_t>(), others.data_ptr<int64_t>() + others.numel());
  std::vector<int64_t> places;
  for (int64_t i = 0; i < samples.numel(); ++i) {
    if (known.count(samples.data_ptr<int64_t>()[i])) places.push_back(i);
  }
  return at::tensor(places, at::kLong);
}

/// The same batch with only the samples at `kept`.
TrainingData::Step only(TrainingData::Step step, const at::Tensor& kept) {
  return {chosen_rows(step.labels, kept), chosen_rows(step.samples, kept),
          [encode = std::move(step.encode), kept](const at::Tensor& places) {
            return encode(chosen_rows(kept, places));
          }};
}

}  // namespace

JoinedTrainingData::JoinedTrainingData(const Dataset& dataset, const ClassSplit& split,
                                       std::vector<std::unique_ptr<TrainingData>> parts)
    : TrainingData(dataset, split), parts_(std::move(parts)) {}

void JoinedTrainingData::start_epoch(const std::vector<at::Tensor>& batches, int64_t first, int64_t epoch) {
  for (auto& part : parts_) part->start_epoch(batches, first, epoch);
}

TrainingData::Step JoinedTrainingData::next() {
  auto out = parts_.front()->next();
  for (size_t i = 1; i < parts_.size(); ++i) {
    auto step = parts_[i]->next();
    if (!at::equal(step.samples, out.samples)) {
      const auto mine = out.samples.cpu(), theirs = step.samples.cpu();
      out = only(std::move(out), places_in_both(mine, theirs));
      step = only(std::move(step), places_in_both(theirs, mine));
    }
    out.encode = [left = std::move(out.encode), right = std::move(step.encode)](const at::Tensor& places) {
      return at::cat({left(places), right(places)}, 1);
    };
  }
  return out;
}

at::Tensor JoinedTrainingData::embed_here(std::vector<SampleIndex>& samples, int64_t view) {
  return join_embeddings(parts_.size(), samples, [&](size_t i, std::vector<SampleIndex>& left) {
    return parts_[i]->embed(left, view);
  });
}

/// Joins what the parts keep; where they cannot read the same samples, all are embedded anew.
template <class Embed>
at::Tensor JoinedTrainingData::whole(std::vector<SampleIndex>& rows, at::Tensor& labels, Embed&& embed) {
  std::vector<at::Tensor> embeddings;
  for (auto& part : parts_) embeddings.push_back(embed(*part));
  const auto expected = static_cast<int64_t>(rows.size());
  const bool same = std::all_of(embeddings.begin(), embeddings.end(),
                                [&](const at::Tensor& one) { return one.size(0) == expected; });
  if (same) return at::cat(embeddings, 1);
  auto joined = this->embed(rows, kPlainView);
  labels = labels_of(dataset_.labels(), rows);
  return joined;
}

at::Tensor JoinedTrainingData::train_embeddings() {
  auto embeddings =
      whole(train_rows_, train_labels_, [](TrainingData& part) { return part.train_embeddings(); });
  for (auto& part : parts_) part->keep_train_rows(train_rows_);
  return embeddings;
}

at::Tensor JoinedTrainingData::validation_embeddings() {
  return whole(validation_rows_, validation_labels_,
               [](TrainingData& part) { return part.validation_embeddings(); });
}

void JoinedTrainingData::share_with(Communicator& communicator) {
  for (auto& part : parts_) part->share_with(communicator);
}

void JoinedTrainingData::train_encoder(bool on) {
  for (auto& part : parts_) part->train_encoder(on);
}

}  // namespace kindred::host
