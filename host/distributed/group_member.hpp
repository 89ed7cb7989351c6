#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace kindred::host {

/// Where a process stands among those that it trains with, and where they meet.
struct GroupMember {
  int64_t rank = 0, size = 1;              ///< rank: from 0 to size - 1
  int64_t local_rank = 0, local_size = 0;  ///< among those on its machine; a size of 0 is not known
  std::string master;                      ///< name or address of the machine of rank 0
  int64_t port = 29500;
  std::string run;          ///< tells groups apart that meet at one store
  int64_t restart = 0;      ///< how often the launcher has begun this group again
  bool has_store = false;   ///< the launcher keeps the store at master:port; else rank 0 does
  std::string launched_by;  ///< "torchrun", "mpirun", "srun" or "--rank", for people
};

/// What the command line says: all three of them, or none.
struct GroupRequest {
  std::optional<int64_t> rank, size;
  std::string master;  ///< HOST or HOST:PORT
};

/// The value of a variable of the environment; null where there is none.
using Environment = std::function<const char*(const char* name)>;

/// Says which process this is, by the command line, else by what torchrun, mpirun or srun set. Gives nothing
/// for a process that trains alone. Throws Error where something is missing or contradicts itself.
std::optional<GroupMember> group_member(const GroupRequest& request, const Environment& environment);

/// Returns the first machine of one of Slurm's lists: "gpu03" of "gpu[03-05,9],login1".
std::string first_of_node_list(const std::string& list);

}  // namespace kindred::host
