#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/base/turns.hpp"
#include "host/data/batch_loader.hpp"
#include "host/data/transform_list.hpp"
#include "host/model/model.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

class Catalog;

/// One object that a model reads of each sample.
struct ReadField {
  std::string name;  ///< "" where the samples have one object without a name
  ObjectKind kind = ObjectKind::image;
  int64_t length = 0;   ///< numbers of a vector, where the encoder says it; else 0
  std::string encoder;  ///< name of the encoder that reads it
};

/// A model whose weights are final, ready to encode: encoders, heads and the transforms before them.
/// [const methods: thread-safe. They read, decode and transform side by side and take turns in the network.]
class InferenceModel {
 public:
  struct Options {
    int64_t batch_size = 32;  ///< samples per call of an encoder
    int64_t threads = 0;      ///< that read samples, for each call of encode(); 0: one per processor
    /// Encoders and heads are opened and compute in its turns, which several models may share. Null: on the
    /// calling thread, one at a time.
    std::shared_ptr<Turns> network{};
  };

  /// Says how samples pass through the model.
  struct Pass {
    bool mirror = false;  ///< their mirror images
    bool heads = true;    ///< false: what is measured as the encoders alone, see Model::base
    /// The heads, too, see the samples of a batch at a time, so that a row is the same to the last bit
    /// whatever else is asked for.
    bool heads_by_batch = false;
    bool and_mirror = false;   ///< the means of what pictures and their mirror images give
    bool transformed = false;  ///< the pictures come from transformed()
  };

  /// `model`: on `device`, in evaluation mode. Encoders are told that their weights are final.
  InferenceModel(Model model, TransformList transforms, at::Device device, Options options);

  /// Opens a servable: the folder itself, or that of the run which holds it as `model`. Throws Error or
  /// PluginError.
  static InferenceModel load(const std::string& folder, const Catalog& catalog, at::Device device,
                             Options options);

  /// float32 (N, D) on the device of the samples `rows` of a dataset, in that order. Samples that cannot be
  /// read are appended to `skipped` and taken out of `rows`. Pictures may differ in size. Throws Error where
  /// the dataset lacks a field, Interrupted, PluginError.
  at::Tensor encode(const Dataset& dataset, std::vector<SampleIndex>& rows, const Pass& pass,
                    std::vector<SkippedSample>& skipped, Context& context) const;

  /// Vectors float32 (N, L) on the CPU -> float32 (N, D) on the device, in one batch, by a model with one
  /// encoder, of vectors. Throws PluginError.
  at::Tensor encode_vectors(const at::Tensor& vectors) const;

  /// float32 (N, D_i) on the device of a batch that is there, by encoder `field` alone, without heads. Throws
  /// PluginError.
  at::Tensor encode_batch(size_t field, const Batch& batch) const;

  /// The transforms of pictures.
  const TransformList& transforms() const { return transforms_; }
  at::Device device() const { return device_; }

  /// A picture uint8 (H, W, 3) as the encoders see it, before it is joined with others. It waits for no turn
  /// of the network. Throws Error, PluginError.
  at::Tensor transformed(at::Tensor picture) const;

  /// Says whether an encoder reads pictures.
  bool reads_pictures() const;

  /// Returns D, or 0 where only the first vectors could tell.
  int64_t dimension() const { return model_.output_dimension; }

  /// Says whether an encoder of vectors was made before the length of its vectors was known, so that it can
  /// encode none: the model is to be made again. Never of a servable.
  bool lacks_length() const;

  /// There is one field per encoder, in their order.
  const std::vector<ReadField>& fields() const { return fields_; }

  /// The manifest of the servable; null when it was not loaded from one.
  const nlohmann::json& manifest() const { return manifest_; }

  /// Calls `work` in a turn of the network. What it calls of this object takes no turn of its own.
  void in_turn(const std::function<void()>& work) const { options_.network->run(work); }

 private:
  at::Tensor encode_one_view(const Dataset& dataset, std::vector<SampleIndex>& rows, const Pass& pass,
                             std::vector<SkippedSample>& skipped, Context& context) const;
  at::Tensor heads_by_batch(const at::Tensor& embeddings, const std::vector<SampleIndex>& asked,
                            const std::vector<SampleIndex>& given) const;

  Model model_;
  TransformList transforms_;
  at::Device device_;
  Options options_;
  std::vector<ReadField> fields_;
  nlohmann::json manifest_;
};

}  // namespace kindred::host
