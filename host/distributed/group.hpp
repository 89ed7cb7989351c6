#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/distributed/communicator.hpp"
#include "host/distributed/group_member.hpp"

namespace kindred::host {

/// Under this name the group keeps the folder of its run.
inline constexpr const char* kKeptFolder = "folder";

/// The processes that train one model together, as one of them sees them.
class Group {
 public:
  virtual ~Group() = default;

  virtual const GroupMember& member() const = 0;
  /// It is the group's, and used by one thread at a time. What it does throws Error that says which process
  /// is missing, and why, as far as that is known.
  virtual Communicator& communicator() = 0;

  /// Why the group cannot go on; empty while all are well. [thread-safe]
  virtual std::string failure() const = 0;
  /// Tells the others that this process ends, and why. [thread-safe]
  virtual void tell_failure(const std::string& reason) = 0;
  /// Tells rank 0 with the next sign of life how far this process is, and what rank 0 was told, by rank;
  /// empty texts where it was told nothing. [thread-safe]
  virtual void tell_progress(const std::string& text) = 0;
  virtual std::vector<std::string> told_progress() const = 0;
  /// Ends a group that has done its work: all have to call it.
  virtual void end() = 0;

  /// What the launcher keeps when it begins the group again; empty where nothing was kept. Rank 0 alone sets
  /// it.
  virtual std::string kept(const std::string& name) = 0;
  virtual void keep(const std::string& name, const std::string& text) = 0;
};

/// Joins the group that `member` says, by LibTorch's c10d over Gloo. `pipeline`: the resolved one, which has
/// to be the same for all. Throws Error where this LibTorch has no c10d, where the group does not come
/// together, or where versions or pipelines differ; Interrupted.
std::unique_ptr<Group> join_group(const GroupMember& member, const nlohmann::json& pipeline,
                                  Context& context);

/// Says whether join_group() can be used, for `host doctor`: "gloo" or why not.
std::string group_support();

}  // namespace kindred::host
