#include "host/training/batch_statistics.hpp"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <exception>

#include "host/base/text.hpp"
#include "host/training/trained_tensors.hpp"

namespace kindred::host {

class SumByCommunicator final : public SumOverProcesses {
 public:
  explicit SumByCommunicator(Communicator& communicator) : communicator_(communicator) {}
  void add_up(at::Tensor& tensor) const override {
    at::NoGradGuard no_grad;
    try {
      communicator_.all_reduce_sum(tensor);
    } catch (...) {
      failure_ = std::current_exception();
      throw;
    }
  }
  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  Communicator& communicator_;
  mutable std::exception_ptr failure_;
};

BatchStatistics::BatchStatistics(const Model& model, const std::vector<EncoderSpec>& encoders,
                                 Communicator& communicator, bool in_parts)
    : communicator_(communicator),
      sum_(std::make_shared<SumByCommunicator>(communicator)),
      in_parts_(in_parts) {
  if (communicator.size() == 1) return;
  for (size_t i = 0; i < model.encoders.size(); ++i) {
    const auto& part = model.encoders[i];
    if (running_statistics(part).empty()) continue;
    if (encoders[i].batch_norms_frozen) {
      frozen_ids_.push_back(part.id);
    } else {
      add(*part.encoder, part.id);
    }
  }
  for (const auto& stage : model.heads.stages) {
    // Buffers of a head with a closed form are its result.
    if (!stage.head->needs_fit() && !stage.head->buffers().empty()) add(*stage.head, stage.id);
  }
}

BatchStatistics::~BatchStatistics() {
  try {
    end();
  } catch (const std::exception&) {
    return;  // a component that cannot forget what adds up is not run any more either
  }
}

void BatchStatistics::add(Module& module, const std::string& id) {
  auto* one = dynamic_cast<SharesStatistics*>(&module);
  if (!in_parts_ && one != nullptr && one->share_statistics(nullptr)) {
    sharing_.push_back(one);
    sharing_ids_.push_back(id);
  } else {
    other_ids_.push_back(id);
  }
}

void BatchStatistics::share(bool on) {
  if (on == shares_) return;
  for (auto* one : sharing_) one->share_statistics(on ? sum_ : nullptr);
  shares_ = on;
}

void BatchStatistics::begin_batch(int64_t samples) {
  if (!sharing_.empty()) share(!communicator_.any(samples == 0));
}

void BatchStatistics::rethrow_failure() const { sum_->rethrow_failure(); }

std::string BatchStatistics::description() const {
  std::string text;
  const auto say = [&](const std::vector<std::string>& ids, const std::string& what) {
    if (!ids.empty())
      text += fmt::format("{}batch norms, or what else keeps statistics, of {} {}", text.empty() ? "" : "; ",
                          joined(ids), what);
  };
  say(sharing_ids_, "divide by the statistics of the whole batch");
  say(other_ids_,
      fmt::format("divide by the statistics of each {}, so that fewer samples there train something else",
                  in_parts_ ? "part of a batch (train.gradient_cache)" : "process's samples"));
  say(frozen_ids_, "are frozen");
  return text;
}

}  // namespace kindred::host
