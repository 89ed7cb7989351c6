#include "host/base/loopback.hpp"

#include <arpa/inet.h>

namespace kindred::host {

bool is_loopback(const std::string& host) {
  constexpr uint32_t kFirstByte = 0xff000000U, kLoopback = 0x7f000000U;
  in_addr address{};
  // inet_pton takes nothing but four numbers; names never pass.
  if (inet_pton(AF_INET, host.c_str(), &address) == 1)
    return (ntohl(address.s_addr) & kFirstByte) == kLoopback;
  return host == "localhost" || host == "[::1]";
}

}  // namespace kindred::host
