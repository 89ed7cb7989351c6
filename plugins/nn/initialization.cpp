#include "nn/initialization.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "kindred/random.hpp"

namespace kindred::nn {

at::Generator named_generator(uint64_t seed, const std::string& name) {
  uint64_t hash = 14695981039346656037ull;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return at::detail::createCPUGenerator(Random(seed, hash).next());
}

void draw_uniform_by_fan_in(const at::Tensor& tensor, int64_t inputs, const at::Generator& generator) {
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  if (generator.defined()) {
    tensor.uniform_(-bound, bound, generator);
  } else {
    tensor.uniform_(-bound, bound);
  }
}

void draw_normal_by_fan_out(const at::Tensor& tensor, int64_t fan_out, const at::Generator& generator) {
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_out));
  if (generator.defined()) {
    tensor.normal_(0, deviation, generator);
  } else {
    tensor.normal_(0, deviation);
  }
}

}  // namespace kindred::nn
