#include "host/engine/head_chain.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "host/engine/encoder_part.hpp"
#include "host/engine/named_tensors.hpp"

namespace kindred::host {
namespace {

at::Tensor through(const HeadStage& stage, const at::Tensor& x) {
  auto out = stage.head->forward(x);
  check_output(out, x, stage.head->output_dimension(), stage.plugin, stage.id);
  return out;
}

}  // namespace

at::Tensor HeadChain::apply(const at::Tensor& embeddings) const {
  at::Tensor x = embeddings;
  for (const auto& stage : stages) {
    if (!stage.waits) x = through(stage, x);
  }
  return x;
}

int64_t HeadChain::present_dimension(int64_t dimension) const {
  for (const auto& stage : stages) {
    if (!stage.waits) dimension = stage.head->output_dimension();
  }
  return dimension;
}

bool HeadChain::needs_fit() const {
  return std::any_of(stages.begin(), stages.end(),
                     [](const HeadStage& one) { return one.head->needs_fit(); });
}

void HeadChain::fit(const at::Tensor& embeddings, const at::Tensor& labels) {
  at::NoGradGuard no_grad;
  at::Tensor x = embeddings;
  for (auto& stage : stages) {
    if (stage.head->needs_fit()) stage.head->fit(x, labels);
    stage.waits = false;
    x = through(stage, x);
  }
}

void HeadChain::train(bool on) const {
  for (const auto& stage : stages) stage.head->train(on);
}

std::vector<NamedTensor> HeadChain::parameters() const {
  return tensors_by_place(stages, [](const HeadStage& one) { return one.head->parameters(); });
}

std::vector<NamedTensor> HeadChain::buffers() const {
  return tensors_by_place(stages, [](const HeadStage& one) { return one.head->buffers(); });
}

}  // namespace kindred::host
