#include "kindred/tracker.hpp"

#include <utility>

#include "host/contracts/contract.hpp"

namespace kindred::host {
namespace {

class TrackerContract final : public Contract<Tracker> {
 public:
  using Contract::Contract;

  void start(const TrackedRun& run) override {
    calls_.call("start", [&] { inner_->start(run); });
  }
  void epoch(int64_t epoch, int64_t steps, const std::vector<TrackedValue>& values) override {
    calls_.call("epoch", [&] { inner_->epoch(epoch, steps, values); });
  }
  void finish(const std::string& status, const std::vector<TrackedValue>& values) override {
    calls_.call("finish", [&] { inner_->finish(status, values); });
  }
  void embeddings(const TrackedEmbeddings& embeddings) override {
    calls_.call("embeddings", [&] { inner_->embeddings(embeddings); });
  }
};

}  // namespace

std::shared_ptr<Tracker> under_contract(std::shared_ptr<Tracker> component, const ComponentInfo& info) {
  return std::make_shared<TrackerContract>(std::move(component), info);
}

}  // namespace kindred::host
