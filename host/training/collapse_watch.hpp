#pragma once

#include <ATen/core/Tensor.h>

#include "host/base/context.hpp"

namespace kindred::host {

/// This warns, once, when all embeddings point into nearly the same direction: then every sample is like
/// every other, and the loss often stands still at its margin.
class CollapseWatch {
 public:
  /// `context` must outlive it.
  explicit CollapseWatch(Context& context) : context_(context) {}

  /// Looks at embeddings (B, D), which costs a synchronisation with their device. Fewer than 8 rows say
  /// nothing.
  void look_at(const at::Tensor& embeddings);

  /// Returns whether it has warned, so that further looks say nothing.
  bool is_over() const { return is_over_; }

 private:
  Context& context_;
  bool is_over_ = false;
};

}  // namespace kindred::host
