#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "../training_data/batched_training_data.hpp"
#include "host/base/context.hpp"
#include "host/data/views.hpp"
#include "host/distributed/local_communicator.hpp"
#include "host/loader/plugin_error.hpp"
#include "host/training/trainer.hpp"
#include "host/training_data/training_data.hpp"
#include "kindred/random.hpp"
#include "made_dataset.hpp"

/// A training that is made up: vectors of a few classes, a linear head, a loss, and what a test wants to
/// decide itself.
namespace kindred::host {

/// Embeddings are the rows of a matrix, which never change, or what an encoder makes of them.
class MadeTrainingData final : public kindred::testing::BatchedTrainingData {
 public:
  MadeTrainingData(const Dataset& dataset, const ClassSplit& split, at::Tensor rows,
                   std::shared_ptr<Encoder> encoder = nullptr)
      : BatchedTrainingData(dataset, split), rows_(std::move(rows)), encoder_(std::move(encoder)) {}

  at::Tensor embed_here(std::vector<SampleIndex>& samples, int64_t) override {
    const auto rows = rows_.index_select(0, tensor_of(samples));
    return encoder_ ? encoder_->run_stages(rows, 0, 1) : rows;
  }
  int64_t embedding_batch() const override { return 3; }  // so that processes share what is embedded

 private:
  at::Tensor rows_;
  std::shared_ptr<Encoder> encoder_;
};

/// x W + b, with dropout while it trains, and the running mean of x as a buffer.
class MadeHead final : public Head {
 public:
  explicit MadeHead(int64_t dimension, double dropout = 0) : dropout_(dropout) {
    at::manual_seed(5);
    weight_ = at::randn({dimension, dimension}) * 0.3;
    bias_ = at::zeros({dimension});
    mean_ = at::zeros({dimension});
  }
  int64_t output_dimension() const override { return weight_.size(1); }
  at::Tensor forward(const at::Tensor& x) override {
    if (train_) mean_.lerp_(x.detach().mean(0), 0.1);
    return at::dropout(x, dropout_, train_).matmul(weight_) + bias_;
  }
  void train(bool on) override { train_ = on; }
  std::vector<NamedTensor> parameters() override { return {{"weight", weight_}, {"bias", bias_}}; }
  std::vector<NamedTensor> buffers() override { return {{"mean", mean_}}; }

 private:
  double dropout_;
  bool train_ = false;
  at::Tensor weight_, bias_, mean_;
};

/// Batch norm as others write it: one sample makes its running variance 0 / 0, or is refused.
class MadeBatchNorm final : public Head {
 public:
  MadeBatchNorm(int64_t dimension, bool refuses)
      : refuses_(refuses), mean_(at::zeros({dimension})), variance_(at::ones({dimension})) {}
  int64_t output_dimension() const override { return mean_.size(0); }
  at::Tensor forward(const at::Tensor& x) override {
    if (train_ && refuses_ && x.size(0) == 1)
      throw PluginError("acme", "acme.norm", "forward",
                        "Expected more than 1 value per channel when training");
    return at::batch_norm(x, {}, {}, mean_, variance_, train_, 0.1, 1e-5, false);
  }
  void train(bool on) override { train_ = on; }
  std::vector<NamedTensor> buffers() override { return {{"mean", mean_}, {"var", variance_}}; }

 private:
  const bool refuses_;
  bool train_ = false;
  at::Tensor mean_, variance_;
};

/// Supervised contrastive loss with a temperature of 0.2 and a scale that it learns.
class MadeLoss final : public AnchorLoss {
 public:
  LossSums sum_over_anchors(const PairBatch& batch) override {
    ++calls;
    if (before) before(calls);
    const auto unit = [](const at::Tensor& x) { return x / x.norm(2, 1, true).clamp_min(1e-6); };
    const auto& positive = batch.masks.positive;
    const auto others = positive.logical_or(batch.masks.negative).logical_not();
    const auto similar =
        (unit(batch.embeddings).matmul(unit(batch.references).t()) / 0.2 * scale_).masked_fill(others, -1e9);
    const auto each = similar.log_softmax(1).mul(positive).sum(1) / positive.sum(1).clamp_min(1);
    return {-each.sum().reshape({1}) * factor, at::full({1}, static_cast<double>(each.numel()))};
  }
  std::vector<NamedTensor> parameters() override { return {{"scale", scale_}}; }

  int64_t calls = 0;
  double factor = 1;
  std::function<void(int64_t call)> before;

 private:
  at::Tensor scale_ = at::ones({1});
};

/// Shuffles by seed and epoch.
class MadeSampler final : public BatchSampler {
 public:
  explicit MadeSampler(int64_t size, int64_t refresh = 0) : size_(size), refresh_(refresh) {}
  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) override {
    std::vector<int64_t> rows(static_cast<size_t>(labels.numel()));
    std::iota(rows.begin(), rows.end(), 0);
    Random random(seed, static_cast<uint64_t>(epoch), shift());
    random.shuffle(rows.begin(), rows.end());
    return at::tensor(rows, at::kLong).split(size_);
  }
  int64_t refresh_epochs() const override { return refresh_; }
  void see_class_means(const at::Tensor& classes, const at::Tensor& means) override {
    seen.push_back(classes);
    means_ = means.clone();
  }

  std::vector<at::Tensor> seen;

 private:
  /// Batches depend on the class means, to the last bit.
  uint64_t shift() const {
    if (!means_.defined()) return 0;
    const auto bits = means_.contiguous().view(at::kInt).sum();
    return static_cast<uint64_t>(bits.item<int64_t>());
  }
  int64_t size_, refresh_;
  at::Tensor means_;
};

/// Gives the values of a list, one at each call.
class ScriptedMetric final : public SetMetric {
 public:
  explicit ScriptedMetric(std::vector<double> values, bool higher_is_better = true)
      : values_(std::move(values)), higher_is_better_(higher_is_better) {}
  bool higher_is_better() const override { return higher_is_better_; }
  std::string name() const override { return "scripted"; }
  std::string distance() const override { return "cosine"; }
  double of_set(const EvaluatedSet&) const override { return values_.at(next_++); }

 private:
  std::vector<double> values_;
  bool higher_is_better_;
  mutable size_t next_ = 0;
};

/// Hears everything, and says stop at the call of interrupted() with this number, from 1; 0: never.
class MadeContext final : public Context {
 public:
  bool interrupted() const override { return ++asked_ == stop_at; }
  void info(const std::string& text) override { infos.push_back(text); }
  void warning(const std::string& text) override { warnings.push_back(text); }

  int64_t stop_at = 0;
  std::vector<std::string> infos, warnings;

 private:
  mutable int64_t asked_ = 0;
};

/// Everything of one training. Two that are made alike train alike.
class MadeTraining {
 public:
  static constexpr int64_t kDimension = 6, kClasses = 8, kPerClass = 6;

  explicit MadeTraining(std::string folder, double dropout = 0) : folder_(std::move(folder)) {
    at::manual_seed(11);
    rows = at::randn({kClasses, kDimension}).repeat({kPerClass, 1}) +
           at::randn({kClasses * kPerClass, kDimension}) * 0.8;
    for (int64_t i = 0; i < kClasses * kPerClass; ++i) {
      dataset.labels_.push_back(i % kClasses);
      (i % kClasses < 6 ? split.train : split.validation).push_back(SampleIndex{i});
    }
    model.heads.stages.push_back({"acme.head", "acme", std::make_shared<MadeHead>(kDimension, dropout)});
    model.embedding_dimension = model.output_dimension = kDimension;
    options.epochs = 4;
    options.seed = 9;
    options.optimizer.lr = 0.02;
    options.early_stopping.monitor = "validation.loss";
  }

  /// The trainer of what was set before; once.
  Trainer& trainer(Communicator& communicator) {
    data = std::make_unique<MadeTrainingData>(
        dataset, split, rows, model.encoders.empty() ? nullptr : model.encoders.front().encoder);
    data->share_with(communicator);
    std::vector<LossTerm> terms(1);
    terms[0].id = "acme.loss";
    terms[0].plugin = "acme";
    terms[0].loss = loss;
    if (memory > 0) terms[0].memory = std::make_unique<BatchMemory>(memory, kDimension, at::kCPU);
    Trainer::Parts parts;
    parts.loss = std::make_shared<TrainingLoss>(std::move(terms), data->labels(), at::kCPU, limits);
    parts.sampler = sampler;
    parts.metrics = metrics;
    trainer_ = std::make_unique<Trainer>(TrainingPlan{options, encoders, measuring, at::kCPU, folder_}, parts,
                                         model, *data, context, communicator);
    return *trainer_;
  }
  Trainer& trainer() { return trainer(alone_); }

  /// All numbers of the head, one after the other.
  at::Tensor weights() const {
    std::vector<at::Tensor> all;
    for (const auto& one : head_tensors(model)) all.push_back(one.tensor.detach().reshape({-1}).clone());
    return at::cat(all);
  }

  kindred::testing::MadeDataset dataset;
  ClassSplit split;
  at::Tensor rows;
  Model model;
  TrainingOptions options;
  std::vector<EncoderSpec> encoders;
  MeasureOptions measuring;
  std::shared_ptr<MadeLoss> loss = std::make_shared<MadeLoss>();
  std::shared_ptr<MadeSampler> sampler = std::make_shared<MadeSampler>(12);
  std::vector<std::shared_ptr<Metric>> metrics = {
      std::make_shared<ScriptedMetric>(std::vector<double>(99, 0.5))};
  int64_t memory = 0;
  PartLimits limits;
  MadeContext context;
  std::unique_ptr<MadeTrainingData> data;

 private:
  std::string folder_;
  LocalCommunicator alone_;
  std::unique_ptr<Trainer> trainer_;
};

}  // namespace kindred::host
