#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "host/base/context.hpp"

namespace kindred::host {

/// Warns, once, when all embeddings point into nearly the same direction: then every sample is like every
/// other, and the loss often stands still at its margin.
class CollapseWatch {
 public:
  /// `context` must outlive it.
  explicit CollapseWatch(Context& context) : context_(context) {}

  /// embeddings (B, D). Looks at their device; fewer than 8 rows say nothing.
  void look_at(const at::Tensor& embeddings);

  /// Whether it has warned, so that further looks say nothing.
  bool is_over() const { return !warning_.empty(); }
  /// What was warned of; "": nothing.
  const std::string& warning() const { return warning_; }

 private:
  Context& context_;
  std::string warning_;
};

}  // namespace kindred::host
