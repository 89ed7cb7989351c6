#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "kindred/abi/version.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/plugin.hpp"
#include "kindred/tracker.hpp"
#include "mlflow_params.hpp"
#include "mlflow_store.hpp"
#include "mlflow_text.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

constexpr size_t kLongestExperimentName = 500;  // as MLflow has it

/// Says in which run of MLflow a run goes on that is resumed: of each store's name in the pipeline the
/// folder.
constexpr const char* kPlaces = "mlflow.json";

/// Files of a run that are small and that a person may want to see; the model stays where it is.
constexpr const char* kArtifacts[] = {"pipeline.json", "result.json", "history.jsonl", "log.txt",
                                      "report.html",   "queries.csv", "retrieval.png", "retrieval.txt"};

/// "2026-11-29T08-00-00Z" of runs/cars/2026-11-29T08-00-00Z; in a series with the folder within it.
std::string run_name(const TrackedRun& run) {
  const fs::path folder(run.folder);
  const auto series = folder.parent_path();
  if (series.parent_path().filename() == run.name && series.filename() != run.name)
    return series.filename().string() + "/" + folder.filename().string();
  return folder.filename().string();
}

MlflowStatus mlflow_status(const std::string& status) {
  if (status == "completed") return MlflowStatus::finished;
  return status == "interrupted" ? MlflowStatus::killed : MlflowStatus::failed;
}

/// A run in MLflow's store of files: `mlflow ui --backend-store-uri file:mlruns`. The step is the epoch.
class MlflowTracker final : public Tracker {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"MLFlowLogger", "MLflow"};
  struct Params {
    std::string directory = "mlruns";
    std::string experiment;
    static void describe(Schema<Params>& schema) {
      schema.field("directory", &Params::directory)
          .doc(
              "Folder of MLflow's file store, which many runs share; a relative one starts at the working "
              "directory.");
      schema.field("experiment", &Params::experiment)
          .doc(
              "The experiment that the run belongs to, which is made where it is missing; without it, that "
              "of the pipeline's name.");
    }
  };

  explicit MlflowTracker(Params params) : params_(std::move(params)) {
    const auto& folder = params_.directory;
    const bool is_address = folder.find("://") != std::string::npos || folder.rfind("file:", 0) == 0 ||
                            folder.rfind("sqlite:", 0) == 0 || folder == "databricks";
    if (folder.empty() || is_address) {
      throw Error("\"directory\" of mlflow is \"" + folder +
                  "\", but the tracker writes a folder of files and no server or database; name the folder, "
                  "such as \"mlruns\"");
    }
    const auto length = code_points(params_.experiment).size();
    if (length > kLongestExperimentName) {
      throw Error("\"experiment\" of mlflow has " + std::to_string(length) +
                  " characters, and MLflow takes " + std::to_string(kLongestExperimentName) + " at most");
    }
  }

  void start(const TrackedRun& run) override {
    last_epoch_ = run.first_epoch;
    folder_ = run.folder;
    run_ = MlflowRun(place_before());
    const bool goes_on = run_.exists();
    if (goes_on) {
      run_.forget_after(run.first_epoch);
    } else {
      const MlflowStore store(fs::absolute(params_.directory).lexically_normal());
      run_ = MlflowRun::made_in(store.experiment(params_.experiment.empty() ? run.name : params_.experiment));
    }
    for (const auto& [key, value] : mlflow_params(run.pipeline)) run_.param(key, value);
    run_.tag("kindred.folder", run.folder);
    run_.tag("kindred.version", KINDRED_SDK_VERSION);
    if (goes_on) {
      run_.set_status(MlflowStatus::running);
    } else {
      run_.describe(run_name(run));
      note_place();
    }
  }

  void epoch(int64_t epoch, int64_t, const std::vector<TrackedValue>& values) override {
    last_epoch_ = epoch;
    append(values);
  }

  void finish(const std::string& status, const std::vector<TrackedValue>& values) override {
    append(values);
    for (const auto* name : kArtifacts) {
      if (fs::is_regular_file(folder_ / name)) run_.artifact(folder_ / name);
    }
    run_.set_status(mlflow_status(status));
  }

 private:
  nlohmann::json places() const {
    const auto path = folder_ / kPlaces;
    auto places = fs::exists(path) ? parse_json(read_file(path.string())) : nlohmann::json();
    if (!places.is_object()) return nlohmann::json::object();
    restore_bytes(places);
    return places;
  }

  fs::path place_before() const {
    const auto all = places();
    const auto place = all.find(params_.directory);
    return place != all.end() && place->is_string() ? place->get<std::string>() : std::string();
  }

  void note_place() const {
    auto all = places();
    all[params_.directory] = run_.folder().string();
    write_file_atomically((folder_ / kPlaces).string(), exact_json_text(all) + "\n");
  }

  void append(const std::vector<TrackedValue>& values) {
    for (const auto& one : values) {
      if (!std::isnan(one.value)) run_.metric(keys_.of_metric(one.name), one.value, last_epoch_);
    }
  }

  Params params_;
  fs::path folder_;
  MlflowRun run_;
  MlflowKeys keys_;
  int64_t last_epoch_ = 0;
};

}  // namespace
KINDRED_COMPONENT(Tracker, MlflowTracker, "kindred.mlflow", "1.0.0",
                  "A run in MLflow's file store, which mlflow ui opens");
}  // namespace kindred
