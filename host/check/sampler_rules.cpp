#include <ATen/ATen.h>

#include <algorithm>

#include "host/check/behaviour.hpp"
#include "host/check/rule.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kRows = 600, kEpochs = 40;
constexpr double kCovered = 0.95;  // of the rows, within kEpochs

/// 50 classes of 12, in no order. Drawn once, so that later calls leave the global generator alone.
at::Tensor labels() {
  static const auto drawn = at::randperm(kRows, at::kLong).remainder(50);
  return drawn.clone();
}

bool equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(a[i], b[i])) return false;
  }
  return true;
}

void require_rows(const at::Tensor& rows) {
  require(rows.defined() && rows.dim() == 1 && rows.scalar_type() == at::kLong,
          "gives rows that are not int64 (B)");
  require(rows.numel() > 0, "gives no row");
  require(rows.min().item<int64_t>() >= 0 && rows.max().item<int64_t>() < kRows,
          "gives row numbers outside the data");
}

void rows_are_in_range(const Subject& subject) {
  const auto batches = subject.make<BatchSampler>()->batches(labels(), 1, 0);
  require(!batches.empty(), "gives no batch for {} samples of 50 classes", kRows);
  for (const auto& batch : batches) require_rows(batch);
}

void every_sample_gets_its_turn(const Subject& subject) {
  const auto sampler = subject.make<BatchSampler>();
  auto seen = at::zeros({kRows}, at::kBool);
  for (int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    for (const auto& batch : sampler->batches(labels(), 1, epoch)) seen.index_fill_(0, batch, true);
  }
  const auto share = seen.to(at::kDouble).mean().item<double>();
  require(share >= kCovered, "shows {:.0f} % of the samples in {} epochs", share * 100, kEpochs);
}

void batches_repeat(const Subject& subject) {
  const auto one = subject.make<BatchSampler>(), other = subject.make<BatchSampler>();
  one->batches(labels(), 1, 3);  // what was asked before must not matter
  require(equal(one->batches(labels(), 1, 4), other->batches(labels(), 1, 4)),
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
  for (const auto& given : {labels(), at::arange(kRows, at::kLong).to(at::kDouble).sqrt().to(at::kLong)}) {
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

void queries_are_rows(const Subject& subject) {
  const auto rows = subject.make<EvalSampler>()->queries(labels(), 1);
  require_rows(rows);
  require((rows.slice(0, 1) > rows.slice(0, 0, rows.numel() - 1)).all().item<bool>(),
          "gives queries that are not distinct and ascending");
}

void few_samples_are_no_failure(const Subject& subject) {
  const auto sampler = subject.make<EvalSampler>();
  for (const int64_t count : {0, 1}) {
    const auto rows = sampler->queries(at::zeros({count}, at::kLong), 1);
    require(rows.defined() && rows.dim() == 1 && rows.scalar_type() == at::kLong,
            "gives rows that are not int64 (Q) for {} samples", count);
    require(rows.numel() <= count && rows.eq(0).all().item<bool>(), "gives {} queries of {} samples",
            rows.numel(), count);
  }
}

void queries_repeat(const Subject& subject) {
  require(at::equal(subject.make<EvalSampler>()->queries(labels(), 1),
                    subject.make<EvalSampler>()->queries(labels(), 1)),
          "gives other queries for the same labels and seed");
}

}  // namespace

std::vector<Rule> batch_sampler_rules() {
  return {
      {"rows_are_in_range", "batches are int64 rows of the data", rows_are_in_range},
      {"every_sample_gets_its_turn", "40 epochs show at least 95 % of the samples",
       every_sample_gets_its_turn},
      {"batches_repeat", "labels, seed and epoch decide the batches", batches_repeat},
      {"few_samples_are_no_crash", "one sample gives batches of it, none, or an error",
       few_samples_are_no_crash},
      {"batches_are_p_x_k", "no batch exceeds the parameters \"classes\" and \"samples\", if it has both",
       batches_are_p_x_k},
  };
}

std::vector<Rule> eval_sampler_rules() {
  return {
      {"queries_are_rows", "queries are ascending, distinct rows of the data", queries_are_rows},
      {"few_samples_are_no_failure", "no sample and one are no failure", few_samples_are_no_failure},
      {"queries_repeat", "labels and seed decide the queries", queries_repeat},
  };
}

Behaviour behaviour_of(BatchSampler& sampler) { return sampler.batches(labels(), 1, 0); }

Behaviour behaviour_of(EvalSampler& sampler) { return {sampler.queries(labels(), 1)}; }

}  // namespace kindred::host
