#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <atomic>
#include <set>
#include <thread>

#include "host/check/module_rules.hpp"
#include "kindred/encoder.hpp"
#include "kindred/text.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kRows = 3, kSide = 64;  // px

/// Drawn once, so that later calls leave the global generator alone.
Batch batch_for(const Encoder& encoder) {
  static const auto vectors = at::randn({kRows, Subject::kDimension});
  static const auto images = at::randint(0, 256, {kRows, kSide, kSide, 3}, at::kByte);
  if (encoder.object_kind() == ObjectKind::vector) return {vectors.clone()};
  if (encoder.object_kind() == ObjectKind::text) {
    return text_batch({text_tensor("red"), text_tensor("a green car with two doors"), text_tensor("")});
  }
  return {images.clone(), {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}}};
}

Batch only(const Batch& batch, int64_t row) {
  auto one = batch;
  one.data = batch.data.slice(0, row, row + 1);
  if (batch.lengths.defined()) one.lengths = batch.lengths.slice(0, row, row + 1);
  return one;
}

at::Tensor output(Module& module) {
  auto& encoder = static_cast<Encoder&>(module);
  return encoder.encode(batch_for(encoder));
}

void shape_is_as_announced(const Subject& subject) {
  at::NoGradGuard no_grad;
  const auto encoder = subject.make<Encoder>();
  const auto out = output(*encoder);
  require(out.dim() == 2 && out.size(0) == kRows, "does not give a row per sample");
  const auto expected = encoder->dimension() == 0 ? Subject::kDimension : encoder->dimension();
  require(out.size(1) == expected, "gives {} numbers, but dimension() is {}", out.size(1),
          encoder->dimension());
  require(out.scalar_type() == at::kFloat, "gives {}, not float32", at::toString(out.scalar_type()));
  require(out.isfinite().all().item<bool>(), "gives numbers that are not finite");
}

void samples_are_independent(const Subject& subject) {
  at::NoGradGuard no_grad;
  const auto encoder = subject.make<Encoder>();
  encoder->train(false);
  const auto batch = batch_for(*encoder);
  const auto all = encoder->encode(batch), alone = encoder->encode(only(batch, 1));
  require(at::allclose(all.slice(0, 1, 2), alone, 1e-3, 1e-4),
          "encodes a sample alone differently than in a batch");
}

void evaluation_is_deterministic(const Subject& subject) {
  require_determinism(*subject.make<Encoder>(), output);
}
void tensors_are_stable(const Subject& subject) {
  require_stable_tensors(*subject.make<Encoder>(1), *subject.make<Encoder>(2));
}
void state_is_in_its_tensors(const Subject& subject) {
  require_state_in_tensors(*subject.make<Encoder>(1), *subject.make<Encoder>(2), output);
}

void stages_make_a_chain(const Subject& subject) {
  at::NoGradGuard no_grad;
  const auto encoder = subject.make<Encoder>();
  encoder->train(false);
  const auto names = encoder->stages();
  const auto count = static_cast<int64_t>(names.size());
  require(count > 0, "names no stage");
  require(std::set<std::string>(names.begin(), names.end()).size() == names.size(),
          "has two stages of one name");
  for (const auto& one : module_tensors(*encoder)) {
    const auto stage = encoder->stage_of(one.name);
    require(stage >= 0 && stage < count, "puts {} into stage {} of {}", one.name, stage, count);
  }
  const auto batch = batch_for(*encoder);
  const auto whole = encoder->encode(batch);
  auto x = encoder->prepare(batch, at::kFloat);
  for (int64_t stage = 0; stage < count; ++stage) x = encoder->run_stages(x.clone(), stage, stage + 1);
  require(at::allclose(whole, x, 1e-4, 1e-5), "gives something else stage by stage than in one go");
}

/// Different samples, so that threads that mix them up are noticed.
void runs_side_by_side(const Subject& subject) {
  const auto encoder = subject.make<Encoder>();
  if (!encoder->runs_side_by_side()) return;
  at::NoGradGuard no_grad;
  encoder->train(false);
  encoder->prepare_for_inference(at::kFloat);
  const auto batch = batch_for(*encoder);
  std::vector<Batch> parts;
  std::vector<at::Tensor> expected;
  for (int64_t i = 0; i < kRows; ++i) {
    parts.push_back(only(batch, i));
    expected.push_back(encoder->encode(parts.back()));
  }
  constexpr int kThreads = 4, kRounds = 20;
  std::atomic<bool> differs{false};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      at::NoGradGuard no_grad_there;  // it is of a thread
      for (int round = 0; round < kRounds; ++round) {
        const auto i = static_cast<size_t>(thread + round) % parts.size();
        if (!at::allclose(encoder->encode(parts[i]), expected[i], 1e-3, 1e-4)) differs = true;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  require(!differs, "gives something else while other threads call it, but runs_side_by_side() is true");
}

void leaves_its_input_alone(const Subject& subject) {
  const auto encoder = subject.make<Encoder>();
  const auto batch = batch_for(*encoder);
  const auto before = batch.data.clone();
  encoder->encode(batch);
  require(at::equal(batch.data, before), "changes the batch that it is given");
}

Behaviour behaviour_of(Encoder& encoder) {
  at::NoGradGuard no_grad;
  return {output(encoder)};
}

}  // namespace

template <>
KindChecks checks_of<Encoder>() {
  return kind_checks<Encoder>(
      behaviour_of,
      {
          {"shape_is_as_announced", "float32 (B, dimension()), finite", shape_is_as_announced},
          {"samples_are_independent", "in evaluation mode a sample does not depend on its batch",
           samples_are_independent},
          {"evaluation_is_deterministic", "evaluation mode gives the same twice",
           evaluation_is_deterministic},
          {"tensors_are_stable", "names are unique and do not change", tensors_are_stable},
          {"state_is_in_its_tensors", "restoring its tensors restores it", state_is_in_its_tensors},
          {"stages_make_a_chain", "stage by stage gives what one go gives, and every tensor has its stage",
           stages_make_a_chain},
          {"runs_side_by_side", "several threads may call it at once where it says so", runs_side_by_side},
          {"leaves_its_input_alone", "the batch is not changed", leaves_its_input_alone},
      });
}

}  // namespace kindred::host
