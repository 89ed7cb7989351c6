#pragma once

#include <string>

namespace kindred::host {

/// Says whether a host of an address is this machine: "localhost", "[::1]", or four numbers that begin with
/// 127. `host` has no port. A name that only begins so, such as "127.0.0.1.example.com", may lead anywhere.
bool is_loopback(const std::string& host);

}  // namespace kindred::host
