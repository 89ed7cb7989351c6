#include "host/training/trackers.hpp"

#include <fmt/format.h>

#include <limits>

#include "host/contracts/contracts.hpp"

namespace kindred::host {

Trackers::Trackers(const Catalog& catalog, const std::vector<ComponentSpec>& specs, Context& context)
    : context_(context) {
  for (const auto& spec : specs) {
    trackers_.push_back(create_under_contract<Tracker>(catalog, *spec.info, spec.params));
  }
}

template <class Call>
void Trackers::for_each(Call call) {
  for (auto& tracker : trackers_) {
    if (!tracker) continue;
    try {
      call(*tracker);
    } catch (const PluginError& error) {
      context_.warning(fmt::format("{}; the run goes on without this tracker", error.what()));
      tracker = nullptr;
    }
  }
}

void Trackers::start(const TrackedRun& run) {
  started_ = true;
  for_each([&](Tracker& tracker) { tracker.start(run); });
}

void Trackers::epoch(int64_t epoch, int64_t steps, const std::vector<TrackedValue>& values) {
  for_each([&](Tracker& tracker) { tracker.epoch(epoch, steps, values); });
}

void Trackers::embeddings(const TrackedEmbeddings& embeddings) {
  for_each([&](Tracker& tracker) { tracker.embeddings(embeddings); });
}

void Trackers::finish(const std::string& status, const nlohmann::json& metrics) {
  if (!started_) return;
  std::vector<TrackedValue> values;
  for (const auto& [side, list] : metrics.items()) {
    for (const auto& [name, value] : list.items()) {
      values.push_back({side + "/" + name,
                        value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN()});
    }
  }
  for_each([&](Tracker& tracker) { tracker.finish(status, values); });
}

}  // namespace kindred::host
