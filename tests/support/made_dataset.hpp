#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "kindred/dataset.hpp"

namespace kindred::testing {

/// A dataset whose answers a test sets; its objects are vectors of one number, the sample's.
class MadeDataset final : public Dataset {
 public:
  std::vector<int64_t> labels_;
  PairList pairs_;
  std::vector<Role> roles_;

  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  at::Tensor read(int64_t index) const override { return at::full({1}, index, at::kFloat); }
  at::Tensor matrix() const override { return at::arange(size(), at::kFloat).unsqueeze(1); }
  std::string sample_name(int64_t index) const override { return "#" + std::to_string(index); }
  std::string fingerprint() const override { return "made"; }
  PairList pairs() const override { return pairs_; }
  std::vector<Role> roles() const override { return roles_; }
};

}  // namespace kindred::testing
