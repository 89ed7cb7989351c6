#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/distributed/group_member.hpp"
#include "host/distributed/key_store.hpp"

namespace kindred::host {

/// How long a process waits for another one before it takes it for dead, in seconds.
struct AttendanceLimits {
  double beat = 1;         ///< between two signs of life
  double silence = 15;     ///< without a sign of life, while nothing else looks wrong
  double suspicious = 4;   ///< the same, once a process has lost a connection
  double store_lost = 3;   ///< without an answer of the store
  double grace = 4;        ///< for a reason on its way through the store
  double last_words = 12;  ///< from knowing that the group has failed to ending the process
};

/// Watches over the processes of a group with two threads of its own. One gives signs of life in the store
/// and looks for those of others: rank 0 for those of all, rank 1 for those of rank 0, and each for what was
/// told of a failure. The other one never asks the store, so that it also notices a store that does not
/// answer. A process that is killed, or whose machine or network fails, is so missed by all within half a
/// minute, also while nobody waits for it. [thread-safe]
class Attendance {
 public:
  /// `names`: what people call the processes, by rank ("rank 1 on node2, process 4711"). `end_process` is
  /// called, with the reason, where this process still runs `last_words` seconds after the group has failed.
  Attendance(std::unique_ptr<KeyStore> store, const GroupMember& member, std::vector<std::string> names,
             AttendanceLimits limits, std::function<void(const std::string&)> end_process);
  ~Attendance();
  Attendance(const Attendance&) = delete;
  Attendance& operator=(const Attendance&) = delete;

  /// Why the group cannot go on; empty while all are well.
  std::string failure() const;

  /// Says that a connection was lost, so that who is missing is found sooner; returns the reason as soon as
  /// it is known, at the latest after `suspicious` and a few seconds more.
  std::string failure_after_lost_connection(const std::string& what);

  /// Tells all others that this process ends, and why. The first reason that was told is the one that counts.
  void tell_failure(const std::string& reason);

  /// From now on signs of life carry this text, a line on how far this process is.
  void tell_progress(const std::string& text);
  /// What rank 0 was told in this way, by rank. Other ranks know of nothing.
  std::vector<std::string> told_progress() const;

  /// No sign of life is given or looked for any more; the group has done its work.
  void end();

 private:
  void work();
  void beat();
  void watch();
  void look_at_others();
  void note(const std::string& reason);
  std::string lost_store(const std::string& what) const;
  void tell(const std::string& reason);

  const GroupMember member_;
  const std::vector<std::string> names_;
  const AttendanceLimits limits_;
  const std::function<void(const std::string&)> end_process_;

  std::timed_mutex store_mutex_;
  std::unique_ptr<KeyStore> store_;

  struct Sign {
    std::string text;
    double seen = 0;  ///< when it changed last
  };
  std::vector<Sign> signs_;  ///< by rank; changed by the thread that looks for them
  long beats_ = 0;
  double store_lost_ = 0;  ///< since when; 0: it is there

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string failure_, progress_;
  double failed_at_ = 0;
  double asking_since_ = 0;  ///< when the store was asked for something that it has not answered; 0: it has
  bool lost_connection_ = false, ends_ = false, is_over_ = false;
  std::thread worker_, watcher_;  ///< last, since they use all of these
};

}  // namespace kindred::host
