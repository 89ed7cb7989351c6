#pragma once

#include <c10/core/Device.h>

#include <string>

namespace kindred::host {

/// The device of a pipeline's "device": auto is CUDA when LibTorch sees one. Throws Error when a CUDA
/// device is asked for and there is none.
c10::Device device_from_name(const std::string& name);

/// Returns one line for `host doctor`.
std::string cuda_summary();

}  // namespace kindred::host
