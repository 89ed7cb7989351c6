#pragma once

#include <string>
#include <vector>

namespace kindred::host {

/// The place of a file that a library writes by itself: it writes path(), which is PLACE.partial, and the
/// file gets its name by finish(). What did not get it is gone with the object. Throws Error.
class PartialPath {
 public:
  explicit PartialPath(std::string place);
  PartialPath(const PartialPath&) = delete;
  PartialPath& operator=(const PartialPath&) = delete;
  ~PartialPath();

  const std::string& path() const { return path_; }
  /// Syncs the file, which must be closed, and names it.
  void finish();

 private:
  const std::string place_, path_;
};

/// Throws Error unless the first path ends in `extension` and nothing is in the place of any of them:
/// an export takes nothing away.
void check_new_files(const std::vector<std::string>& paths, const std::string& extension);

}  // namespace kindred::host
