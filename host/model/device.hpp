#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

namespace kindred::host {

/// The device of a pipeline's "device": auto is CUDA when LibTorch sees one. Throws Error when a CUDA
/// device is asked for and there is none.
c10::Device device_from_name(const std::string& name);

/// The same for one of several processes on a machine, of which each takes a device of its own: "cuda" and
/// "auto" are "cuda:N" for number N of them, beginning anew where there are more processes than devices.
c10::Device device_of_process(const std::string& name, int64_t local_rank);

/// Returns one line for `host doctor`.
std::string cuda_summary();

}  // namespace kindred::host
