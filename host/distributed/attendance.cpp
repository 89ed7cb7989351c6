#include "host/distributed/attendance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "host/base/clock.hpp"

namespace kindred::host {
namespace {

constexpr const char* kFailed = "failed";
constexpr const char* kFailures = "failures";
constexpr const char* kSuspicion = "suspicion";

std::string beat_key(int64_t rank) { return fmt::format("alive/{}", rank); }

}  // namespace

Attendance::Attendance(std::unique_ptr<KeyStore> store, const GroupMember& member,
                       std::vector<std::string> names, AttendanceLimits limits,
                       std::function<void(const std::string&)> end_process)
    : member_(member),
      names_(std::move(names)),
      limits_(limits),
      end_process_(std::move(end_process)),
      store_(std::move(store)),
      signs_(static_cast<size_t>(member.size)),
      worker_([this] { work(); }),
      watcher_([this] { watch(); }) {}

Attendance::~Attendance() { end(); }

void Attendance::end() {
  {
    const std::lock_guard<std::mutex> one(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
  if (watcher_.joinable()) watcher_.join();
}

std::string Attendance::failure() const {
  const std::lock_guard<std::mutex> one(mutex_);
  return failure_;
}

void Attendance::work() {
  const auto period = std::chrono::duration<double>(limits_.beat);
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ends_) {
    asking_since_ = now_seconds();
    lock.unlock();
    try {
      const std::lock_guard<std::timed_mutex> one(store_mutex_);
      beat();
      store_lost_ = 0;
    } catch (const std::exception&) {
      if (store_lost_ == 0) store_lost_ = now_seconds();
      if (now_seconds() - store_lost_ > limits_.store_lost) note(lost_store("cannot be reached any more"));
    }
    lock.lock();
    asking_since_ = 0;
    changed_.wait_for(lock, period, [this] { return ends_; });
  }
  is_over_ = true;
  lock.unlock();
  changed_.notify_all();
}

std::string Attendance::lost_store(const std::string& what) const {
  return fmt::format("the store of the group at {}:{} {}; {}", member_.master, member_.port, what,
                     member_.has_store ? member_.launched_by + " keeps it"
                                       : names_.front() +
                                             " keeps it: it has ended or was stopped, or its machine or "
                                             "network failed");
}

/// Goes on until the other thread has ended, since that may hang in the store while this process ends.
void Attendance::watch() {
  const auto period = std::chrono::duration<double>(limits_.beat);
  std::unique_lock<std::mutex> lock(mutex_);
  while (!is_over_) {
    const double now = now_seconds();
    if (asking_since_ > 0 && now - asking_since_ > limits_.silence && failure_.empty()) {
      lock.unlock();
      note(lost_store("does not answer"));
      lock.lock();
    }
    if (!failure_.empty() && now - failed_at_ > limits_.last_words) {
      const auto reason = failure_;
      lock.unlock();
      end_process_(reason);
      lock.lock();
    }
    changed_.wait_for(lock, period, [this] { return is_over_; });
  }
}

void Attendance::beat() {
  bool lost = false;
  auto sign = std::to_string(++beats_) + " ";
  {
    const std::lock_guard<std::mutex> one(mutex_);
    lost = lost_connection_;
    sign += progress_;
  }
  store_->set(beat_key(member_.rank), sign);
  if (store_->has(kFailed)) note(store_->get(kFailed));
  if (lost) store_->set(kSuspicion, "1");
  look_at_others();
}

/// Rank 0 looks for all others, and rank 1 for rank 0, whose store may be that of a launcher which lives on.
void Attendance::look_at_others() {
  if (member_.rank > 1) return;
  const auto limit = store_->has(kSuspicion) ? limits_.suspicious : limits_.silence;
  const auto now = now_seconds();
  const int64_t first = member_.rank == 0 ? 1 : 0, end = member_.rank == 0 ? member_.size : 1;
  for (int64_t rank = first; rank < end; ++rank) {
    auto& sign = signs_[static_cast<size_t>(rank)];
    const auto key = beat_key(rank);
    const auto text = store_->has(key) ? store_->get(key) : std::string();
    if (text != sign.text || sign.seen == 0) {
      const std::lock_guard<std::mutex> one(mutex_);
      sign = {text, now};
    } else if (now - sign.seen > limit) {
      const auto reason = fmt::format(
          "{} is missing: it gave no sign of life for {:.0f} s, so it was killed or stopped, or its "
          "machine or network failed",
          names_[static_cast<size_t>(rank)], now - sign.seen);
      tell(reason);
      note(reason);
      return;
    }
  }
}

void Attendance::tell_progress(const std::string& text) {
  const std::lock_guard<std::mutex> one(mutex_);
  progress_ = text;
}

std::vector<std::string> Attendance::told_progress() const {
  const std::lock_guard<std::mutex> one(mutex_);
  std::vector<std::string> all;
  for (const auto& sign : signs_)
    all.push_back(sign.text.substr(std::min(sign.text.size(), sign.text.find(' ') + 1)));
  return all;
}

void Attendance::note(const std::string& reason) {
  {
    const std::lock_guard<std::mutex> one(mutex_);
    if (!failure_.empty()) return;
    failure_ = reason;
    failed_at_ = now_seconds();
  }
  changed_.notify_all();
}

/// The store is locked.
void Attendance::tell(const std::string& reason) {
  if (store_->add(kFailures, 1) == 1) store_->set(kFailed, reason);
}

void Attendance::tell_failure(const std::string& reason) {
  const std::unique_lock<std::timed_mutex> one(store_mutex_,
                                               std::chrono::duration<double>(limits_.store_lost));
  if (!one) return;  // the store does not answer, so that the others miss this process
  try {
    tell(fmt::format("{} ended: {}", names_[static_cast<size_t>(member_.rank)], reason));
  } catch (const std::exception&) {
    return;  // the others miss this process all the same
  }
}

std::string Attendance::failure_after_lost_connection(const std::string& what) {
  std::unique_lock<std::mutex> lock(mutex_);
  lost_connection_ = true;
  const auto most = limits_.suspicious + 2 * limits_.beat + limits_.grace;
  changed_.wait_for(lock, std::chrono::duration<double>(most), [this] { return !failure_.empty() || ends_; });
  if (!failure_.empty()) return failure_;
  return "a connection between processes of the group was lost: " + what;
}

}  // namespace kindred::host
