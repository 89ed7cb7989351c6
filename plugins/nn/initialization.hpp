#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

/// Initial values of weights. A generator that is not defined stands for LibTorch's global one.
namespace kindred::nn {

/// A generator on the CPU whose draws depend on `seed` and `name` alone, so that the initial values of one
/// tensor do not shift when another comes or goes.
at::Generator named_generator(uint64_t seed, const std::string& name);

/// Fills `tensor` from U(-1 / sqrt(inputs), 1 / sqrt(inputs)).
void draw_uniform_by_fan_in(const at::Tensor& tensor, int64_t inputs, const at::Generator& generator = {});

/// Fills `tensor` from N(0, 2 / fan_out) (He et al. 2015).
void draw_normal_by_fan_out(const at::Tensor& tensor, int64_t fan_out, const at::Generator& generator = {});

}  // namespace kindred::nn
