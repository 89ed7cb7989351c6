#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/options/component_spec.hpp"
#include "kindred/tracker.hpp"

namespace kindred::host {

class Catalog;

/// The trackers of a run. One that throws is left out from then on, with a warning: a full disk or a server
/// that went away is no reason to lose a training.
class Trackers {
 public:
  /// Throws PluginError from a factory.
  Trackers(const Catalog& catalog, const std::vector<ComponentSpec>& specs, Context& context);

  void start(const TrackedRun& run);
  void epoch(int64_t epoch, int64_t steps, const std::vector<TrackedValue>& values);
  /// Says that nobody follows the run, so that nothing need be made for embeddings().
  bool empty() const { return trackers_.empty(); }
  void embeddings(const TrackedEmbeddings& embeddings);
  /// `metrics`: {"base": {...}, "tuned": {...}}. Nothing happens unless start() was called.
  void finish(const std::string& status, const nlohmann::json& metrics);

 private:
  template <class Call>
  void for_each(Call call);

  Context& context_;
  std::vector<std::shared_ptr<Tracker>> trackers_;  ///< null once one has thrown
  bool started_ = false;
};

}  // namespace kindred::host
