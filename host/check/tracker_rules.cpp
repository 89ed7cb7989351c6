#include <ATen/ATen.h>

#include <filesystem>
#include <limits>

#include "host/check/rule.hpp"
#include "kindred/io/file.hpp"
#include "kindred/tracker.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

/// A run's folder with a file of somebody else; removed at the end.
class RunFolder {
 public:
  RunFolder() {
    auto pattern = (fs::temp_directory_path() / "kindred-check-XXXXXX").string();
    require(::mkdtemp(pattern.data()) != nullptr, "cannot be tried: there is no room for a temporary folder");
    path_ = pattern;
    write_file_atomically(path_ + "/history.jsonl", "{}\n");
  }
  ~RunFolder() { fs::remove_all(path_); }
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void run(Tracker& tracker, const std::string& folder, int64_t first_epoch, int64_t last_epoch) {
  tracker.start({"checked", folder, R"({"kindred": 1})", first_epoch});
  for (int64_t epoch = first_epoch + 1; epoch <= last_epoch; ++epoch) {
    std::vector<TrackedValue> values = {{"train/loss", 1.0 / static_cast<double>(epoch)},
                                        {"validation/r_precision", std::numeric_limits<double>::quiet_NaN()}};
    if (epoch > 2) values.push_back({"validation/loss", 0.5});  // not there from the first
    tracker.epoch(epoch, epoch * 10, values);
  }
  tracker.embeddings({at::eye(3, 4), at::eye(3, 2), {"a", "b\tc\n", "d"}, {"one", "one", ""}});
  tracker.finish("completed", {{"base/r_precision", 0.1}, {"tuned/r_precision", 0.2}});
}

void follows_a_run(const Subject& subject) {
  const RunFolder folder;
  const auto tracker = subject.make<Tracker>();
  run(*tracker, folder.path(), 0, 4);
}

void follows_a_resumed_run(const Subject& subject) {
  const RunFolder folder;
  run(*subject.make<Tracker>(), folder.path(), 0, 3);
  run(*subject.make<Tracker>(), folder.path(), 2, 4);
}

void ends_without_epochs(const Subject& subject) {
  const RunFolder folder;
  const auto tracker = subject.make<Tracker>();
  tracker->start({"checked", folder.path(), "{}", 0});
  tracker->finish("failed", {});
}

void leaves_other_files_alone(const Subject& subject) {
  const RunFolder folder;
  run(*subject.make<Tracker>(), folder.path(), 0, 2);
  const auto file = folder.path() + "/history.jsonl";
  require(fs::exists(file) && read_file(file) == "{}\n", "changes history.jsonl, which is the host's");
}

/// Nothing, since what a tracker writes holds the time of day.
Behaviour behaviour_of(Tracker&) { return {}; }

}  // namespace

template <>
KindChecks checks_of<Tracker>() {
  return kind_checks<Tracker>(
      behaviour_of,
      {
          {"follows_a_run", "a run with undefined and with new values is followed", follows_a_run},
          {"follows_a_resumed_run", "a run that goes on from an earlier epoch is followed",
           follows_a_resumed_run},
          {"ends_without_epochs", "a run that fails at once is followed", ends_without_epochs},
          {"leaves_other_files_alone", "files of the run are not touched", leaves_other_files_alone},
      });
}

}  // namespace kindred::host
