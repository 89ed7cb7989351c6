#include <ATen/ATen.h>

#include <algorithm>

#include "host/check/examples/sampler_examples.hpp"
#include "host/check/rule.hpp"
#include "kindred/batch_sampler.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kEpochs = 40;
constexpr double kCovered = 0.95;  // of the samples, within kEpochs

bool equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(a[i], b[i])) return false;
  }
  return true;
}

void rows_are_in_range(const Subject& subject) {
  const auto batches = subject.make<BatchSampler>()->batches(sampler_labels(), 1, 0);
  require(!batches.empty(), "gives no batch for {} samples of 50 classes", kSamplerRows);
  for (const auto& batch : batches) require_rows(batch);
}

void every_sample_gets_its_turn(const Subject& subject) {
  const auto sampler = subject.make<BatchSampler>();
  auto seen = at::zeros({kSamplerRows}, at::kBool);
  for (int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    for (const auto& batch : sampler->batches(sampler_labels(), 1, epoch)) seen.index_fill_(0, batch, true);
  }
  const auto share = seen.to(at::kDouble).mean().item<double>();
  require(share >= kCovered, "shows {:.0f} % of the samples in {} epochs", share * 100, kEpochs);
}

void batches_repeat(const Subject& subject) {
  const auto one = subject.make<BatchSampler>(), other = subject.make<BatchSampler>();
  one->batches(sampler_labels(), 1, 3);  // what was asked before must not matter
  require(equal(one->batches(sampler_labels(), 1, 4), other->batches(sampler_labels(), 1, 4)),
          "gives other batches for the same labels, seed and epoch");
}

void few_samples_are_no_crash(const Subject& subject) {
  const auto sampler = subject.make<BatchSampler>();
  std::vector<at::Tensor> batches;
  try {
    batches = sampler->batches(at::zeros({1}, at::kLong), 1, 0);
  } catch (const std::exception&) {
    return;  // a sentence is as good
  }
  for (const auto& batch : batches) {
    require(batch.numel() == 0 || batch.max().item<int64_t>() == 0, "gives row numbers outside the data");
  }
}

/// The value of an integer parameter without a list of values that is nearest to `wanted`.
int64_t allowed(const nlohmann::json& field, int64_t wanted) {
  return std::min(std::max(wanted, field.value("minimum", wanted)), field.value("maximum", wanted));
}

/// No batch of an even and of an uneven dataset has more of either.
void require_composition(BatchSampler& sampler, int64_t classes, int64_t samples) {
  for (const auto& given :
       {sampler_labels(), at::arange(kSamplerRows, at::kLong).to(at::kDouble).sqrt().to(at::kLong)}) {
    for (const auto& batch : sampler.batches(given, 1, 0)) {
      const auto sizes = given.index_select(0, batch).bincount();
      const auto held = sizes.gt(0).sum().item<int64_t>(), most = sizes.max().item<int64_t>();
      require(held <= classes, "has {} classes in a batch, and \"classes\" is {}", held, classes);
      require(most <= samples, "has {} samples of a class in a batch, and \"samples\" is {}", most, samples);
    }
  }
}

void batches_are_p_x_k(const Subject& subject) {
  const auto& fields = subject.info.schema["properties"];
  for (const auto* name : {"classes", "samples"}) {
    if (!fields.contains(name) || fields[name].value("type", "") != "integer" ||
        fields[name].contains("enum") || subject.params.contains(name)) {
      return;
    }
  }
  auto params = subject.params;
  params["classes"] = allowed(fields["classes"], 5);
  params["samples"] = allowed(fields["samples"], 3);
  const Subject changed{subject.info, subject.catalog, params};
  require_composition(*changed.make<BatchSampler>(), params["classes"], params["samples"]);
}

Behaviour behaviour_of(BatchSampler& sampler) { return sampler.batches(sampler_labels(), 1, 0); }

}  // namespace

template <>
KindChecks checks_of<BatchSampler>() {
  return kind_checks<BatchSampler>(
      behaviour_of,
      {
          {"rows_are_in_range", "batches are int64 rows of the data", rows_are_in_range},
          {"every_sample_gets_its_turn", "40 epochs show at least 95 % of the samples",
           every_sample_gets_its_turn},
          {"batches_repeat", "labels, seed and epoch decide the batches", batches_repeat},
          {"few_samples_are_no_crash", "one sample gives batches of it, none, or an error",
           few_samples_are_no_crash},
          {"batches_are_p_x_k", "no batch exceeds the parameters \"classes\" and \"samples\", if it has both",
           batches_are_p_x_k},
      });
}

}  // namespace kindred::host
