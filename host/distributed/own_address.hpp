#pragma once

#include <cstdint>
#include <string>

namespace kindred::host {

/// Returns the address of the interface by which this machine reaches `machine`, such as "10.0.0.7". Nothing
/// is sent. Throws Error where the name is not known or there is no way to it.
std::string address_towards(const std::string& machine, int64_t port);

}  // namespace kindred::host
