#include "host/distributed/own_address.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr size_t kLongestName = 1025;  // NI_MAXHOST

/// Empty where the machine cannot be reached by this one of its addresses.
std::string address_towards(const addrinfo& target) {
  const int socket = ::socket(target.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return {};
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  std::array<char, kLongestName> text{};
  // Connecting a datagram socket sends nothing; it chooses the interface.
  const bool found = ::connect(socket, target.ai_addr, target.ai_addrlen) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
                     ::getnameinfo(reinterpret_cast<const sockaddr*>(&own), size, text.data(), text.size(),
                                   nullptr, 0, NI_NUMERICHOST) == 0;
  ::close(socket);
  return found ? text.data() : "";
}

}  // namespace

std::string address_towards(const std::string& machine, int64_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(machine.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    throw Error(fmt::format("the machine of process 0, \"{}\", is not known here: {}; give its address",
                            machine, ::gai_strerror(failed)));
  }
  std::string address;
  for (const auto* one = found; one != nullptr && address.empty(); one = one->ai_next)
    address = address_towards(*one);
  ::freeaddrinfo(found);
  if (address.empty()) throw Error(fmt::format("there is no way from this machine to \"{}\"", machine));
  return address;
}

}  // namespace kindred::host
