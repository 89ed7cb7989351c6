#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kindred/head.hpp"

namespace kindred::host {

struct HeadStage {
  std::string id;              ///< component id, for messages
  std::string plugin;          ///< plugin id, for messages
  std::shared_ptr<Head> head;  ///< under its contract
  bool bypassed = false;       ///< until it, or one before it, is fitted
  bool fitted = false;
};

/// Heads that are applied one after the other; none at all hands embeddings through.
struct HeadChain {
  std::vector<HeadStage> stages;

  /// float32 (B, D) -> float32 (B, D'). Checks the shapes at each head: throws PluginError.
  at::Tensor apply(const at::Tensor& embeddings) const;

  /// D' when D is `dimension`; heads that wait for their fit do not count.
  int64_t present_dimension(int64_t dimension) const;

  /// Says whether one of the first `count` has to be fitted and is not yet.
  bool needs_fit(size_t count) const;
  bool needs_fit() const { return needs_fit(stages.size()); }

  /// Fits those of the first `count` that need it, in order, each on what the ones before it make of
  /// `embeddings` float32 (N, D), `labels` int64 (N). What is fitted already stays as it is.
  void fit(const at::Tensor& embeddings, const at::Tensor& labels, size_t count);
  void fit(const at::Tensor& embeddings, const at::Tensor& labels) { fit(embeddings, labels, stages.size()); }

  /// Those that are not fitted yet, and all behind the first of them, are passed by from now on.
  void note_bypassed();

  /// How many come before the last one with parameters, with it; 0 where none has any.
  size_t count_to_last_trained() const;

  void train(bool on) const;

  /// Each name is "<place>.<name>".
  std::vector<NamedTensor> parameters() const;
  std::vector<NamedTensor> buffers() const;
};

}  // namespace kindred::host
