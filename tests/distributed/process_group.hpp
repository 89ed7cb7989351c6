#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "host_process.hpp"

namespace kindred::testing {

/// A port of this machine that nobody listens at.
inline int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(socket);
  if (!bound) throw std::runtime_error("no port of this machine is free");
  return ntohs(address.sin_port);
}

/// `host` several times, as processes that train together.
class ProcessGroup {
 public:
  /// `arguments`: of rank 0, 1, ...; where each stands and where they meet is added.
  ProcessGroup(const TemporaryFolder& folder, const std::vector<std::vector<std::string>>& arguments) {
    const auto master = "127.0.0.1:" + std::to_string(free_port());
    for (size_t rank = 0; rank < arguments.size(); ++rank) {
      auto words = arguments[rank];
      words.insert(words.end(), {"--rank", std::to_string(rank), "--world-size",
                                 std::to_string(arguments.size()), "--master", master});
      processes_.push_back(std::make_unique<HostProcess>(folder, words));
    }
  }
  ProcessGroup(const TemporaryFolder& folder, size_t size, const std::vector<std::string>& arguments)
      : ProcessGroup(folder, std::vector<std::vector<std::string>>(size, arguments)) {}

  const HostProcess& process(size_t rank) const { return *processes_[rank]; }
  /// Results by rank, when all have ended.
  std::vector<HostResult> wait() {
    std::vector<HostResult> results;
    for (auto& one : processes_) results.push_back(one->wait());
    return results;
  }

 private:
  std::vector<std::unique_ptr<HostProcess>> processes_;
};

}  // namespace kindred::testing
