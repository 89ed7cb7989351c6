#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>

#include "appended_file.hpp"
#include "event_file.hpp"
#include "kindred/plugin.hpp"
#include "kindred/tracker.hpp"

namespace kindred {
namespace {

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Event files of scalars that TensorBoard opens: `tensorboard --logdir runs`. The step is the epoch.
class TensorBoardTracker final : public Tracker {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"SummaryWriter", "TensorBoardLogger"};
  struct Params {
    std::string directory = "tensorboard";
    static void describe(Schema<Params>& schema) {
      schema.field("directory", &Params::directory)
          .doc("Folder of the event files; a relative one starts at the run's folder.");
    }
  };

  explicit TensorBoardTracker(Params params) : params_(std::move(params)) {}

  void start(const TrackedRun& run) override {
    last_epoch_ = run.first_epoch;
    // Every start has a file of its own, told apart by time and process as TensorFlow does.
    const auto name = "events.out.tfevents." + std::to_string(static_cast<int64_t>(wall_time())) + "." +
                      std::to_string(::getpid()) + ".kindred";
    file_ = AppendedFile((std::filesystem::path(run.folder) / params_.directory / name).string());
    auto records = event_record(version_event(wall_time()));
    if (run.first_epoch > 0) records += event_record(restart_event(wall_time(), run.first_epoch + 1));
    file_.replace(records);
  }

  void epoch(int64_t epoch, int64_t, const std::vector<TrackedValue>& values) override {
    last_epoch_ = epoch;
    append(values);
  }

  void finish(const std::string&, const std::vector<TrackedValue>& values) override { append(values); }

 private:
  void append(const std::vector<TrackedValue>& values) const {
    std::string records;
    for (const auto& one : values) {
      if (std::isnan(one.value)) continue;
      records +=
          event_record(scalar_event(wall_time(), last_epoch_, one.name, static_cast<float>(one.value)));
    }
    if (!records.empty()) file_.append(records);
  }

  Params params_;
  AppendedFile file_;
  int64_t last_epoch_ = 0;
};

}  // namespace
KINDRED_COMPONENT(Tracker, TensorBoardTracker, "kindred.tensorboard", "1.0.0",
                  "Event files that TensorBoard opens");
}  // namespace kindred
