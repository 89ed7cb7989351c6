#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "appended_file.hpp"
#include "event_file.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/plugin.hpp"
#include "kindred/tracker.hpp"
#include "projector_files.hpp"

namespace kindred {
namespace {

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

constexpr const char* kNameBegin = "events.out.tfevents.";

/// The second in the name of the latest event file of a folder; -1 where it has none.
int64_t latest_start(const std::filesystem::path& folder) {
  int64_t latest = -1;
  if (!std::filesystem::is_directory(folder)) return latest;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.rfind(kNameBegin, 0) != 0) continue;
    const auto digits = name.substr(std::char_traits<char>::length(kNameBegin));
    latest = std::max(latest, static_cast<int64_t>(std::strtoll(digits.c_str(), nullptr, 10)));
  }
  return latest;
}

/// What tells runs apart: the sections of the pipeline about data, model and training.
nlohmann::json shown_settings(const std::string& pipeline) {
  const auto all = parse_json(pipeline);
  auto shown = nlohmann::json::object();
  for (const auto* section : {"seed", "data", "model", "train"}) {
    if (all.is_object() && all.contains(section)) shown[section] = all[section];
  }
  return shown;
}

/// Event files that TensorBoard opens with `tensorboard --logdir runs`: values by epoch, the settings of the
/// run, the picture of the retrieval; and embeddings for its projector.
class TensorBoardTracker final : public Tracker {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"SummaryWriter", "TensorBoardLogger"};
  struct Params {
    std::string directory = "tensorboard";
    int64_t projector = 1000;
    static void describe(Schema<Params>& schema) {
      schema.field("directory", &Params::directory)
          .doc("Folder of the event files; a relative one starts at the run's folder.");
      schema.field("projector", &Params::projector)
          .range(0, 5000)
          .doc(
              "Test samples whose embeddings the projector shows, evenly chosen; 0: none. Each takes about "
              "nine bytes per number.");
    }
  };

  explicit TensorBoardTracker(Params params) : params_(std::move(params)) {}

  void start(const TrackedRun& run) override {
    last_epoch_ = run.first_epoch;
    run_folder_ = run.folder;
    const auto folder = folder_ = std::filesystem::path(run.folder) / params_.directory;
    // Every start has a file of its own, told apart by time and process as TensorFlow does. TensorBoard reads
    // them in the order of their names, so a start within the same second is named after the next.
    const auto before = latest_start(folder);
    const auto second = std::max(static_cast<int64_t>(wall_time()), before + 1);
    const auto name = kNameBegin + std::to_string(second) + "." + std::to_string(::getpid()) + ".kindred";
    file_ = AppendedFile((folder / name).string());
    auto records = event_record(version_event(wall_time()));
    // A run that stopped before its first checkpoint begins again at the first epoch, and what it had written
    // is void, too: else TensorBoard draws both.
    if (run.first_epoch > 0 || before >= 0) {
      records += event_record(restart_event(wall_time(), run.first_epoch > 0 ? run.first_epoch + 1 : 0));
    }
    records += event_record(settings_event(wall_time(), shown_settings(run.pipeline)));
    file_.replace(records);
  }

  void epoch(int64_t epoch, int64_t, const std::vector<TrackedValue>& values) override {
    last_epoch_ = epoch;
    append(values);
  }

  void embeddings(const TrackedEmbeddings& embeddings) override {
    if (params_.projector > 0) write_projector_files(folder_.string(), embeddings, params_.projector);
  }

  void finish(const std::string& status, const std::vector<TrackedValue>& values) override {
    append(values);
    const auto picture = run_folder_ / "retrieval.png";
    std::string records;
    if (status == "completed" && std::filesystem::is_regular_file(picture)) {
      const auto event = image_event(wall_time(), last_epoch_, "retrieval", read_file(picture.string()));
      if (!event.empty()) records += event_record(event);
    }
    const auto end = status == "completed" ? SessionStatus::success
                     : status == "failed"  ? SessionStatus::failure
                                           : SessionStatus::unknown;
    file_.append(records + event_record(session_end_event(wall_time(), end)));
  }

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
  std::filesystem::path run_folder_, folder_;
  AppendedFile file_;
  int64_t last_epoch_ = 0;
};

}  // namespace
KINDRED_COMPONENT(Tracker, TensorBoardTracker, "kindred.tensorboard", "1.0.0",
                  "Event files that TensorBoard opens");
}  // namespace kindred
