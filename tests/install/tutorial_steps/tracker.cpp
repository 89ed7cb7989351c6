#include "kindred/tracker.hpp"

#include <fstream>

#include "kindred/error.hpp"
#include "kindred/plugin.hpp"

namespace {

/// The pipeline and the end of a run, as text.
class MyTracker final : public kindred::Tracker {
 public:
  struct Params {
    std::string file = "my_tracker.txt";
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("file", &Params::file).doc("Name of the file in the run's folder.");
    }
  };
  explicit MyTracker(Params params) : params_(std::move(params)) {}

  // shown in the tutorial:
  void start(const kindred::TrackedRun& run) override {
    path_ = run.folder + "/" + params_.file;
    write("run " + run.name + " with " + run.pipeline);
  }
  // end

  void epoch(int64_t epoch, int64_t, const std::vector<kindred::TrackedValue>&) override {
    write("epoch " + std::to_string(epoch));
  }
  void finish(const std::string& status, const std::vector<kindred::TrackedValue>&) override {
    write(status);
  }

 private:
  void write(const std::string& line) const {
    std::ofstream file(path_, std::ios::app);
    if (!(file << line << std::endl)) throw kindred::Error("cannot write " + path_);
  }

  Params params_;
  std::string path_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Tracker, MyTracker, "my.next_tracker", "0.1.0", "The pipeline as text");
