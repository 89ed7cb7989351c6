#include <ATen/ATen.h>

#include <cmath>

#include "host/check/rule.hpp"
#include "host/check/threads.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {
namespace {

at::Tensor made_image(int64_t height, int64_t width) {
  at::manual_seed(5);
  return at::randint(0, 256, {height, width, 3}, at::kByte);
}

void gives_an_image(const Subject& subject) {
  const auto transform = subject.make<Transform>();
  for (const auto& [height, width] :
       std::vector<std::pair<int64_t, int64_t>>{{48, 64}, {64, 48}, {300, 7}, {1, 1}}) {
    for (uint64_t seed = 0; seed < 8; ++seed) {
      Random random(seed);
      const auto out = transform->apply(made_image(height, width), random);
      require(out.dim() == 3 && out.size(2) == 3 && out.scalar_type() == at::kByte,
              "does not give uint8 (H, W, 3) for {} x {}", height, width);
      require(out.numel() > 0 && out.is_contiguous(),
              "gives an empty picture or one that is not contiguous for {} x {}", height, width);
    }
  }
}

void leaves_its_input_alone(const Subject& subject) {
  const auto transform = subject.make<Transform>();
  const auto image = made_image(48, 64), before = image.clone();
  for (uint64_t seed = 0; seed < 8; ++seed) {
    Random random(seed);
    transform->apply(image, random);
  }
  require(at::equal(image, before), "changes the picture that it is given");
}

void chance_is_the_hosts(const Subject& subject) {
  const auto transform = subject.make<Transform>();
  const auto image = made_image(48, 64);
  bool varies = false;
  Random first(0);
  const auto reference = transform->apply(image, first);
  for (uint64_t seed = 0; seed < 16; ++seed) {
    Random one(seed), same(seed);
    const auto a = transform->apply(image, one), b = transform->apply(image, same);
    require(at::equal(a, b), "gives two pictures for one seed: all chance must come from `random`");
    varies = varies || !at::equal(a, reference);
  }
  require(!varies || transform->is_random(), "varies with the seed, but is_random() is false");
}

void threads_may_share_it(const Subject& subject) {
  const auto transform = subject.make<Transform>();
  const auto image = made_image(48, 64);
  Random random(9);
  const auto expected = transform->apply(image, random);
  in_threads([&](int) {
    for (int i = 0; i < 16; ++i) {
      Random own(9);
      require(at::equal(transform->apply(image, own), expected),
              "gives something else when several threads use it");
    }
  });
}

void normalization_is_usable(const Subject& subject) {
  Normalization normalization;
  if (!subject.make<Transform>()->normalization(normalization)) return;
  for (auto std : normalization.std)
    require(std::isfinite(std) && std > 0, "normalises with a deviation of {}", std);
}

Behaviour behaviour_of(Transform& transform) {
  Random random(0);
  Behaviour out = {transform.apply(made_image(48, 64), random)};
  Normalization normalization;
  if (transform.normalization(normalization)) {
    for (const auto& three : {normalization.mean, normalization.std})
      out.push_back(at::tensor(std::vector<double>(three.begin(), three.end()), at::kDouble));
  }
  return out;
}

}  // namespace

template <>
KindChecks checks_of<Transform>() {
  return kind_checks<Transform>(
      behaviour_of,
      {
          {"gives_a_picture", "pictures of any size become contiguous uint8 (H, W, 3)", gives_an_image},
          {"leaves_its_input_alone", "the picture is not changed", leaves_its_input_alone},
          {"chance_is_the_hosts", "the seed decides the result, and is_random() tells the truth",
           chance_is_the_hosts},
          {"threads_may_share_it", "8 threads get what one gets", threads_may_share_it},
          {"normalization_is_usable", "a normalisation divides by something positive",
           normalization_is_usable},
      });
}

}  // namespace kindred::host
