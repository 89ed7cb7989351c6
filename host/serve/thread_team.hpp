#pragma once

namespace kindred::host {

/// Ends the threads that OpenMP keeps for the calling thread, until that computes in parallel again; to start
/// them takes a tenth of a millisecond. While a server's threads keep teams of their own there are more
/// threads than processors, and the network's sleep at the end of every loop (docs/design/serving.md).
/// Nothing happens where LibTorch has another OpenMP than 5.0 asks for, or none.
void end_thread_team();

/// Calls end_thread_team() at the end of a scope.
struct ThreadTeamScope {
  ThreadTeamScope() = default;
  ~ThreadTeamScope() { end_thread_team(); }
  ThreadTeamScope(const ThreadTeamScope&) = delete;
  ThreadTeamScope& operator=(const ThreadTeamScope&) = delete;
};

}  // namespace kindred::host
