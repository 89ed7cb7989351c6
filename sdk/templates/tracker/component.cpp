#include <fstream>

#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "kindred/tracker.hpp"

namespace {

/// A line of text per epoch.
class KINDRED_CLASS final : public kindred::Tracker {
 public:
  struct Params {
    std::string file = "KINDRED_NAME.txt";
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("file", &Params::file).doc("Name of the file in the run's folder.");
    }
  };
  explicit KINDRED_CLASS(Params params) : params_(std::move(params)) {}

  void start(const kindred::TrackedRun& run) override {
    path_ = run.folder + "/" + params_.file;
    write("run " + run.name + " from epoch " + std::to_string(run.first_epoch + 1));
  }

  void epoch(int64_t epoch, int64_t, const std::vector<kindred::TrackedValue>& values) override {
    std::string line = "epoch " + std::to_string(epoch);
    for (const auto& one : values) line += ", " + one.name + " " + std::to_string(one.value);
    write(line);
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

KINDRED_COMPONENT(kindred::Tracker, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "A line of text per epoch");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "A tracker: KINDRED_NAME");
