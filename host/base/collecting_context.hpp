#pragma once

#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "host/base/context.hpp"

namespace kindred::host {

/// A context that hands everything on to another one and keeps what was warned of, so that whatever warns a
/// person on the screen can also stand in a file. [thread-safe]
class CollectingContext final : public Context {
 public:
  /// `inner` must outlive it. `earlier` are warnings that were said to somebody already; they come first.
  explicit CollectingContext(Context& inner, const std::vector<std::string>& earlier = {});

  bool interrupted() const override { return inner_.interrupted(); }
  void info(const std::string& text) override { inner_.info(text); }
  void warning(const std::string& text) override;
  void failure(const std::string& text) override { inner_.failure(text); }
  void add_log_file(const std::string& path) override { inner_.add_log_file(path); }
  void show(const ProgressState& state) override { inner_.show(state); }

  /// Takes up warnings that were said before, without saying them again.
  void keep(const std::vector<std::string>& warnings);

  /// Returns what was warned of so far, in order; a sentence that was said twice stands once.
  std::vector<std::string> warnings() const;

 private:
  Context& inner_;
  mutable std::mutex mutex_;
  std::vector<std::string> warnings_;
  std::unordered_set<std::string> known_;
};

}  // namespace kindred::host
