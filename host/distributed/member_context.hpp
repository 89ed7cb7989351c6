#pragma once

#include <fmt/format.h>

#include <string>

#include "host/base/context.hpp"
#include "host/distributed/group.hpp"
#include "host/distributed/member_progress.hpp"

namespace kindred::host {

/// The context of one process of a group: rank 0 speaks for all and shows with its progress who is behind,
/// the others say only what they warn of, and the work stops where the group has failed. [thread-safe]
class MemberContext final : public Context {
 public:
  /// Both must outlive it.
  MemberContext(Context& inner, Group& group) : inner_(inner), group_(group) {}

  bool interrupted() const override { return inner_.interrupted() || !group_.failure().empty(); }
  void info(const std::string& text) override {
    if (is_first()) inner_.info(text);
  }
  void warning(const std::string& text) override { inner_.warning(with_rank(text)); }
  void failure(const std::string& text) override { inner_.failure(with_rank(text)); }
  void add_log_file(const std::string& path) override {
    if (is_first()) inner_.add_log_file(path);
  }
  void show(const ProgressState& state) override {
    if (is_first()) {
      inner_.show(with_slowest(state, group_.told_progress()));
    } else {
      group_.tell_progress(progress_to_tell(state));
    }
  }

 private:
  bool is_first() const { return group_.member().rank == 0; }
  std::string with_rank(const std::string& text) const {
    return is_first() ? text : fmt::format("rank {}: {}", group_.member().rank, text);
  }

  Context& inner_;
  Group& group_;
};

}  // namespace kindred::host
