#include "kindred/io/folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "kindred/error.hpp"
#include "kindred/io/image_names.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// In lower case: macOS, Windows, and the makers of network storage.
constexpr std::array<std::string_view, 14> kLeftBehind = {"__macosx",
                                                          "icon\r",
                                                          "thumbs.db",
                                                          "ehthumbs.db",
                                                          "ehthumbs_vista.db",
                                                          "desktop.ini",
                                                          "$recycle.bin",
                                                          "system volume information",
                                                          "@eadir",
                                                          "#recycle",
                                                          "@recycle",
                                                          "@recently-snapshot",
                                                          "#snapshot",
                                                          "lost+found"};

/// "1 link leads", "2 links lead".
std::string links_that_lead(size_t count) {
  return std::to_string(count) + (count == 1 ? " link leads" : " links lead");
}

class Walk {
 public:
  FolderFiles below(const std::string& folder) {
    enter(folder);
    std::sort(found_.files.begin(), found_.files.end());
    found_.nowhere = sentence(folder, nowhere_, "nowhere");
    found_.circles = sentence(folder, back_, "back to a folder that it lies in");
    return std::move(found_);
  }

 private:
  using FileId = std::pair<dev_t, ino_t>;

  [[noreturn]] static void fail(const fs::path& folder, const std::string& reason) {
    throw Error("the folder " + folder.string() + " cannot be read (" + reason +
                "); make it readable, or move it elsewhere");
  }

  void enter(const fs::path& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) fail(folder, std::strerror(errno));
    const FileId id(status.st_dev, status.st_ino);
    if (std::find(open_.begin(), open_.end(), id) != open_.end()) {
      back_.push_back(folder.string());
      return;
    }
    open_.push_back(id);
    std::error_code failure;
    fs::directory_iterator it(folder, failure);
    for (const fs::directory_iterator end; !failure && it != end; it.increment(failure)) take(*it);
    if (failure) fail(folder, failure.message());
    open_.pop_back();
  }

  void take(const fs::directory_entry& entry) {
    if (is_left_behind(entry.path().filename().native())) return;
    std::error_code failure;
    const auto status = entry.status(failure);  // of what a link leads to
    if (fs::is_directory(status)) {
      enter(entry.path());
    } else if (fs::is_regular_file(status)) {
      found_.files.push_back(entry.path().string());
    } else if (entry.is_symlink(failure) && !fs::exists(status)) {
      nowhere_.push_back(entry.path().string());
    }
  }

  static std::string sentence(const std::string& folder, std::vector<std::string>& links,
                              const std::string& where) {
    if (links.empty()) return "";
    std::sort(links.begin(), links.end());
    return folder + ": " + links_that_lead(links.size()) + " " + where + " and " +
           (links.size() == 1 ? "is" : "are") + " left out: " + first_few(links);
  }

  FolderFiles found_;
  std::vector<FileId> open_;  ///< the folders from the top to where the walk is
  std::vector<std::string> nowhere_, back_;
};

}  // namespace

bool is_left_behind(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  if (name.front() == '.') return true;
  const auto small = lower_case(std::string(name));
  return std::find(kLeftBehind.begin(), kLeftBehind.end(), small) != kLeftBehind.end();
}

bool has_part_left_behind(std::string_view path) {
  for (size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    if (is_left_behind(path.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

FolderFiles files_below(const std::string& folder) { return Walk().below(folder); }

std::string first_few(const std::vector<std::string>& all) {
  constexpr size_t kNamed = 3;
  std::string text;
  for (size_t i = 0; i < std::min(all.size(), kNamed); ++i) text += (i == 0 ? "" : ", ") + all[i];
  if (all.size() > kNamed) text += " and " + std::to_string(all.size() - kNamed) + " more";
  return text;
}

}  // namespace kindred
