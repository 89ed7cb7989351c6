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
  bool waits = false;          ///< for its fit; until then embeddings pass it by
};

/// Heads that are applied one after the other; none at all hands embeddings through.
struct HeadChain {
  std::vector<HeadStage> stages;

  /// float32 (B, D) -> float32 (B, D'). Checks the shapes at each head: throws PluginError.
  at::Tensor apply(const at::Tensor& embeddings) const;

  /// D' when D is `dimension`; heads that wait for their fit do not count.
  int64_t present_dimension(int64_t dimension) const;

  bool needs_fit() const;

  /// Heads that need it are fitted in order, each on what the ones before it make of `embeddings`
  /// float32 (N, D), `labels` int64 (N).
  void fit(const at::Tensor& embeddings, const at::Tensor& labels);

  void train(bool on) const;

  /// Named "<place>.<name>".
  std::vector<NamedTensor> parameters() const;
  std::vector<NamedTensor> buffers() const;
};

}  // namespace kindred::host
