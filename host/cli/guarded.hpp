#pragma once

#include <functional>

namespace kindred::host {

/// Runs `body` and returns its exit code; a failure becomes a message on stderr and the exit code of its
/// kind.
int guarded(const std::function<int()>& body);

}  // namespace kindred::host
