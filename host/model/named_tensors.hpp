#pragma once

#include <string>
#include <vector>

#include "kindred/module.hpp"

namespace kindred::host {

/// Appends `tensors` with `prefix` before their names: how the tensors of several parts go into one file.
inline void append_named(std::vector<NamedTensor>& all, const std::string& prefix,
                         const std::vector<NamedTensor>& tensors) {
  for (const auto& one : tensors) all.push_back({prefix + one.name, one.tensor});
}

/// The tensors that `tensors_of` gives for each of `parts`, named "<place>.<name>".
template <class Parts, class TensorsOf>
std::vector<NamedTensor> tensors_by_place(const Parts& parts, TensorsOf&& tensors_of) {
  std::vector<NamedTensor> all;
  for (size_t i = 0; i < parts.size(); ++i) append_named(all, std::to_string(i) + ".", tensors_of(parts[i]));
  return all;
}

}  // namespace kindred::host
