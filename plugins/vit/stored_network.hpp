#pragma once

#include "stored_names.hpp"
#include "vision_transformer_config.hpp"

namespace kindred {

/// A network that stands in files, and how they name its tensors.
struct StoredNetwork {
  VisionTransformerConfig config;
  StoredNames names;
  bool has_pooling_head = false;  ///< the files hold the tensors of attention pooling

  /// Another pooling than the one that the network was trained with.
  void take_pooling(TokenPooling pooling) {
    config.pooling = pooling;
    if (!has_pooling_head) names.leave_out("pool.");
  }
};

}  // namespace kindred
