#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/distributed/group_member.hpp"
#include "host/distributed/key_store.hpp"

namespace kindred::host {

/// What a process says of itself when it meets the others.
struct Introduction {
  std::string machine;      ///< its name
  std::string address;      ///< under which it reaches the master, such as "10.0.0.7"
  int64_t process = 0;      ///< its number there
  std::string version;      ///< of Kindred
  nlohmann::json pipeline;  ///< resolved; what all do together has to be the same
};

/// Returns what people call a process: "rank 1 on node2 (process 4711)".
std::string member_name(int64_t rank, const Introduction& introduction);

/// What differs between the pipelines of two processes, as JSON pointers: "/train/epochs is 5 in place
/// of 4", which is that of `here`.
/// Folders and files may lie elsewhere on another machine, so that of paths only the last part counts, and
/// device and threads are each machine's own affair. Empty where nothing differs.
std::string pipeline_difference(const nlohmann::json& here, const nlohmann::json& there);

/// Meets the others in the store: returns what all say of themselves, by rank. Rank 0 waits for all of them,
/// says whom it waits for, and refuses one of another version or with another pipeline; then all throw Error
/// that names it. Throws Error, too, when somebody has not come after `seconds`, and Interrupted.
std::vector<Introduction> meet(KeyStore& store, const GroupMember& member, const Introduction& mine,
                               double seconds, Context& context);

}  // namespace kindred::host
