#include "host/model/device.hpp"

#include <ATen/Context.h>
#include <torch/cuda.h>

#include <algorithm>

#include "kindred/error.hpp"

namespace kindred::host {

namespace {

/// float32 is to mean float32: on CUDA, LibTorch would otherwise convolve with mantissas of 10 bits.
c10::Device with_exact_float32(c10::Device device) {
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  return device;
}

}  // namespace

c10::Device device_from_name(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  const bool present = torch::cuda::is_available();
  if (name == "auto") {
    return present ? with_exact_float32(c10::Device(c10::kCUDA, 0)) : c10::Device(c10::kCPU);
  }
  if (!present) {
    throw Error("the pipeline asks for device \"" + name +
                "\", but this LibTorch sees no CUDA device; use \"auto\" "
                "or \"cpu\", or install a LibTorch with CUDA");
  }
  const c10::Device device(name == "cuda" ? "cuda:0" : name);
  if (device.index() >= static_cast<int64_t>(torch::cuda::device_count())) {
    throw Error("there is no device " + name + ", only " + std::to_string(torch::cuda::device_count()));
  }
  return with_exact_float32(device);
}

c10::Device device_of_process(const std::string& name, int64_t local_rank) {
  const auto device = device_from_name(name);
  const bool names_one = name.find(':') != std::string::npos;
  if (device.is_cpu() || names_one) return device;
  const auto count = std::max<int64_t>(1, static_cast<int64_t>(torch::cuda::device_count()));
  return c10::Device(device.type(), static_cast<c10::DeviceIndex>(local_rank % count));
}

std::string cuda_summary() {
  if (!torch::cuda::is_available()) return at::hasCUDA() ? "built in, no device" : "not in this LibTorch";
  return std::to_string(torch::cuda::device_count()) + " device(s)";
}

}  // namespace kindred::host
