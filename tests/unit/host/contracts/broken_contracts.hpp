#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <vector>

#include "host/loader/catalog.hpp"
#include "host/loader/plugin_error.hpp"

/// What the tests of contracts share.
namespace kindred::host {

inline ComponentInfo info(const std::string& id) {
  ComponentInfo out;
  out.id = id;
  out.plugin_id = "acme";
  return out;
}

/// The message of the PluginError that `call` throws, or "" when it throws none.
inline std::string broken(const std::function<void()>& call) {
  try {
    call();
  } catch (const PluginError& error) {
    return error.what();
  }
  return "";
}

/// A tensor on a device that is not the processor.
inline at::Tensor elsewhere(at::IntArrayRef sizes, at::ScalarType dtype = at::kFloat) {
  return at::empty(sizes, at::TensorOptions().dtype(dtype).device(at::kMeta));
}

inline at::Tensor rows_of(const std::vector<int64_t>& rows) { return at::tensor(rows, at::kLong); }

}  // namespace kindred::host
