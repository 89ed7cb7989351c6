#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace kindred {

/// Chooses which samples form the batches of an epoch. [any thread, one at a time]
///
/// One that has parameters called "classes" and "samples", both integers, promises P x K composition: no
/// batch holds more than `classes` classes, nor more than `samples` samples of a class.
class __attribute__((visibility("default"))) BatchSampler {
 public:
  static constexpr const char* kKind = "batch_sampler";
  static constexpr uint32_t kRevision = 2;
  virtual ~BatchSampler() = default;

  /// The batches of one epoch: int64 (B_i) row numbers in [0, N) each, from labels int64 (N) on the CPU.
  /// The same (labels, seed, epoch), and the same class means where it has seen some, give the same batches.
  virtual std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) = 0;

  /// Every how many epochs it looks at the class means; 0: never. They cost an evaluation of the training
  /// samples.
  virtual int64_t refresh_epochs() const { return 0; }

  /// Called before batches() of epoch 0 and of every refresh_epochs()-th: classes int64 (C), ascending; means
  /// float32 (C, D) of the embeddings of each class by the model as it stands, brought to length 1. Both on
  /// the CPU.
  virtual void see_class_means(const at::Tensor& classes, const at::Tensor& means) {
    (void)classes;
    (void)means;
  }
};

}  // namespace kindred
