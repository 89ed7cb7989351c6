#include <ATen/ATen.h>

#include "host/check/examples/sampler_examples.hpp"
#include "host/check/rule.hpp"
#include "kindred/eval_sampler.hpp"

namespace kindred::host {
namespace {

void queries_are_rows(const Subject& subject) {
  const auto rows = subject.make<EvalSampler>()->queries(sampler_labels(), 1);
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
  require(at::equal(subject.make<EvalSampler>()->queries(sampler_labels(), 1),
                    subject.make<EvalSampler>()->queries(sampler_labels(), 1)),
          "gives other queries for the same labels and seed");
}

Behaviour behaviour_of(EvalSampler& sampler) { return {sampler.queries(sampler_labels(), 1)}; }

}  // namespace

template <>
KindChecks checks_of<EvalSampler>() {
  return kind_checks<EvalSampler>(
      behaviour_of,
      {
          {"queries_are_rows", "queries are ascending, distinct rows of the data", queries_are_rows},
          {"few_samples_are_no_failure", "no sample and one are no failure", few_samples_are_no_failure},
          {"queries_repeat", "labels and seed decide the queries", queries_repeat},
      });
}

}  // namespace kindred::host
