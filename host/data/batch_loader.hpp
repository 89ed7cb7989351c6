#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/base/index_types.hpp"
#include "host/data/transform_list.hpp"
#include "kindred/dataset.hpp"
#include "kindred/image.hpp"

namespace kindred::host {

/// A sample that could not be read, and why.
struct SkippedSample {
  SampleIndex index;
  std::string name, message;
};

/// The message of a sample that was read, but that a model makes nothing of.
inline constexpr const char* kNotFinite =
    "what the model gives for it holds numbers that are not finite; look at the sample and at the model's "
    "weights";

/// Reads samples, and transforms pictures, with several threads while the caller computes. Batches come in
/// the order they were asked for; at most `prefetch` of them wait. What a sample becomes depends on what
/// `draws` gives for it alone, never on threads.
class BatchLoader {
 public:
  struct Options {
    int64_t threads = 0;  ///< 0: one per processor
    int64_t prefetch = 3;
    /// The generator of a sample's transform, by its place in the list; empty where none is random.
    /// [thread-safe]
    std::function<Random(SampleIndex sample, size_t transform)> draws{};
    bool mirror = false;       ///< pictures left to right, after the transforms
    bool transformed = false;  ///< the pictures of the dataset are, so that no transform is applied
  };
  struct Loaded {
    Batch batch;                       ///< on the CPU
    std::vector<SampleIndex> indices;  ///< of the samples in it, in the order asked for
    std::vector<SkippedSample> skipped;
  };
  /// The same before the objects are joined.
  struct Objects {
    std::vector<at::Tensor> objects;  ///< on the CPU, transformed; their sizes may differ
    std::vector<SampleIndex> indices;
    std::vector<SkippedSample> skipped;
  };

  /// `dataset` and `transforms` must outlive the loader. `batches`: the samples of each.
  BatchLoader(const Dataset& dataset, const TransformList& transforms,
              std::vector<std::vector<SampleIndex>> batches, Options options);
  ~BatchLoader();  ///< may be called before all batches were taken

  /// The next batch; call as often as there are batches. `batch.data` is undefined when every sample of it
  /// was skipped. Throws Error when pictures of one batch differ in size.
  Loaded next();

  /// Returns the objects of the next batch; it is called in place of next().
  Objects next_objects();

  /// A batch of objects of one size, or of texts, of which there is at least one.
  Batch joined(const std::vector<at::Tensor>& objects) const;

 private:
  struct Slot {
    std::vector<at::Tensor> objects;
    std::vector<std::string> errors;
    size_t open = 0;  // samples not read yet
  };
  void work();
  void read_one(const std::vector<SampleIndex>& indices, size_t place, Slot& slot);
  void check_one_size(const Objects& read) const;

  const Dataset& dataset_;
  const TransformList& transforms_;
  const std::vector<std::vector<SampleIndex>> batches_;
  const Options options_;
  const ObjectKind kind_;
  Normalization normalization_;
  std::mutex mutex_;
  std::exception_ptr broken_;  ///< a contract was broken, see contracts.hpp; next() throws it
  std::condition_variable room_, ready_;
  std::vector<Slot> slots_;
  size_t next_batch_ = 0, next_place_ = 0, taken_ = 0;
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace kindred::host
