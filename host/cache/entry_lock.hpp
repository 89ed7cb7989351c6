#pragma once

#include <functional>
#include <optional>
#include <string>

namespace kindred::host {

/// The lock on a cache entry: held by whoever fills, opens or removes it. It goes with the object, and with
/// the process, however that ends. An array that was opened stays readable without it.
class EntryLock {
 public:
  /// Makes the folder of the entry if needed; where another process holds the lock, calls `before_waiting`
  /// and waits. Notes that the entry is used now. Throws Error.
  static EntryLock wait_for(const std::string& folder, const std::function<void()>& before_waiting);
  /// Nothing where another process holds it. Throws Error, also when the folder is gone.
  static std::optional<EntryLock> try_take(const std::string& folder);
  /// Whether a process holds it now.
  static bool is_held(const std::string& folder);

  EntryLock(EntryLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  EntryLock& operator=(EntryLock&&) = delete;
  ~EntryLock();

 private:
  explicit EntryLock(int file) : file_(file) {}
  int file_;
};

}  // namespace kindred::host
