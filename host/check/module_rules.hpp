#pragma once

#include <functional>

#include "host/check/rule.hpp"
#include "kindred/module.hpp"

namespace kindred::host {

/// What holds for everything that has tensors. `output`: some deterministic output of the module in the mode
/// it is in.
using ModuleOutput = std::function<at::Tensor(Module&)>;

/// Names are unique and the same for two objects, shapes too.
void require_stable_tensors(Module& one, Module& other);
/// Copying all tensors of `from` to `to` makes their outputs equal.
void require_state_in_tensors(Module& from, Module& to, const ModuleOutput& output);
/// Two calls in evaluation mode give the same.
void require_determinism(Module& module, const ModuleOutput& output);

}  // namespace kindred::host
