#pragma once

#include <vector>

#include "host/model/head_chain.hpp"

namespace kindred::host {

/// Chooses a chain of heads for each sample: the largest of some columns of the embedding, which an encoder
/// of its own has put there, says which. These columns do not go into the heads.
class SwitchHead final : public Head {
 public:
  static constexpr const char* kId = "switch";

  /// Columns [first, first + branches.size()) of `dimension` choose. All branches give `output_dimension`
  /// columns.
  SwitchHead(int64_t first, int64_t dimension, int64_t output_dimension, std::vector<HeadChain> branches);

  int64_t output_dimension() const override { return output_dimension_; }
  at::Tensor forward(const at::Tensor& embeddings) override;
  bool needs_fit() const override;
  /// Fits each branch on the samples that take it.
  void fit(const at::Tensor& embeddings, const at::Tensor& labels) override;
  void train(bool on) override;
  std::vector<NamedTensor> parameters() override;
  std::vector<NamedTensor> buffers() override;

  /// (B, D) -> (B, D - branches): the columns that do not choose.
  at::Tensor rest(const at::Tensor& embeddings) const;

 private:
  /// Returns, for each branch, the rows that take it: int64 (count).
  std::vector<at::Tensor> rows_by_branch(const at::Tensor& embeddings) const;

  int64_t first_, dimension_, output_dimension_;
  std::vector<HeadChain> branches_;
};

}  // namespace kindred::host
