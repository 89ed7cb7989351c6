#include "host/model/head_chain.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "host/contracts/contracts.hpp"
#include "host/model/encoder_part.hpp"
#include "host/model/named_tensors.hpp"
#include "kindred/finite.hpp"

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
    if (!stage.bypassed) x = through(stage, x);
  }
  return x;
}

int64_t HeadChain::present_dimension(int64_t dimension) const {
  for (const auto& stage : stages) {
    if (!stage.bypassed) dimension = stage.head->output_dimension();
  }
  return dimension;
}

bool HeadChain::needs_fit(size_t count) const {
  return std::any_of(stages.begin(), stages.begin() + static_cast<std::ptrdiff_t>(count),
                     [](const HeadStage& one) { return !one.fitted && one.head->needs_fit(); });
}

void HeadChain::fit(const at::Tensor& embeddings, const at::Tensor& labels, size_t count) {
  at::NoGradGuard no_grad;
  at::Tensor x = embeddings;
  for (size_t i = 0; i < count; ++i) {
    auto& stage = stages[i];
    if (!stage.fitted && stage.head->needs_fit()) {
      stage.head->fit(x, labels);
      if (const auto wrong = what_is_no_weight(module_tensors(*stage.head)); !wrong.empty())
        throw PluginError(stage.plugin, stage.id, "fit", "went wrong: " + wrong);
    }
    stage.fitted = true;
    x = through(stage, x);
  }
  note_bypassed();
}

void HeadChain::note_bypassed() {
  bool bypassed = false;
  for (auto& stage : stages)
    stage.bypassed = bypassed = bypassed || (!stage.fitted && stage.head->needs_fit());
}

size_t HeadChain::count_to_last_trained() const {
  auto count = stages.size();
  while (count > 0 && stages[count - 1].head->parameters().empty()) --count;
  return count;
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
