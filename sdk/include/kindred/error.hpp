#pragma once

#include <stdexcept>
#include <string>

namespace kindred {

/// A failure that somebody can act on. The text is one sentence or two: what was given, where (file,
/// parameter), what was expected, how to fix it. Plugins throw it (or any std::exception); the host adds
/// plugin, component and phase.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace kindred
