#include "host/model/switch_head.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

#include "host/model/named_tensors.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

SwitchHead::SwitchHead(int64_t first, int64_t dimension, int64_t output_dimension,
                       std::vector<HeadChain> branches)
    : first_(first),
      dimension_(dimension),
      output_dimension_(output_dimension),
      branches_(std::move(branches)) {}

std::vector<at::Tensor> SwitchHead::rows_by_branch(const at::Tensor& embeddings) const {
  const auto count = static_cast<int64_t>(branches_.size());
  const auto choice = embeddings.detach().slice(1, first_, first_ + count).argmax(1);
  std::vector<at::Tensor> rows;
  for (int64_t branch = 0; branch < count; ++branch) rows.push_back(choice.eq(branch).nonzero().squeeze(1));
  return rows;
}

at::Tensor SwitchHead::rest(const at::Tensor& embeddings) const {
  return at::cat({embeddings.slice(1, 0, first_),
                  embeddings.slice(1, first_ + static_cast<int64_t>(branches_.size()), dimension_)},
                 1);
}

at::Tensor SwitchHead::forward(const at::Tensor& embeddings) {
  const auto x = rest(embeddings);
  const auto rows = rows_by_branch(embeddings);
  std::vector<at::Tensor> outputs;
  for (size_t branch = 0; branch < branches_.size(); ++branch) {
    if (rows[branch].numel() > 0) {
      outputs.push_back(branches_[branch].apply(x.index_select(0, rows[branch])));
    }
  }
  if (outputs.empty()) return x.new_zeros({0, output_dimension_});
  // Sorting the row numbers puts every output back where its sample was.
  return at::cat(outputs).index_select(0, at::cat(rows).argsort());
}

bool SwitchHead::needs_fit() const {
  return std::any_of(branches_.begin(), branches_.end(),
                     [](const HeadChain& one) { return one.needs_fit(); });
}

void SwitchHead::fit(const at::Tensor& embeddings, const at::Tensor& labels) {
  const auto x = rest(embeddings);
  const auto rows = rows_by_branch(embeddings);
  for (size_t branch = 0; branch < branches_.size(); ++branch) {
    if (branches_[branch].needs_fit() && rows[branch].numel() == 0) {
      throw Error("switch: no training sample takes head " + std::to_string(branch) +
                  ", which is fitted on those that do");
    }
    branches_[branch].fit(x.index_select(0, rows[branch]),
                          labels.index_select(0, rows[branch].to(labels.device())));
  }
}

void SwitchHead::train(bool on) {
  for (const auto& one : branches_) one.train(on);
}

std::vector<NamedTensor> SwitchHead::parameters() {
  return tensors_by_place(branches_, [](const HeadChain& one) { return one.parameters(); });
}

std::vector<NamedTensor> SwitchHead::buffers() {
  return tensors_by_place(branches_, [](const HeadChain& one) { return one.buffers(); });
}

}  // namespace kindred::host
