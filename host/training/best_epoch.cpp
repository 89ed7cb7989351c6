#include "host/training/best_epoch.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <utility>

#include "host/model/model.hpp"
#include "host/options/monitor.hpp"

namespace kindred::host {

BestEpoch::BestEpoch(const EarlyStoppingOptions& options, std::string monitor, Tensors tensors,
                     bool metric_falls)
    : options_(options),
      monitor_(std::move(monitor)),
      tensors_(std::move(tensors)),
      minimise_(options.mode == MonitorMode::min ||
                (options.mode == MonitorMode::automatic && (is_loss_name(monitor_) || metric_falls))),
      value_(minimise_ ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity()) {
}

bool BestEpoch::note(int64_t epoch, double value) {
  if (std::isnan(value)) return false;
  const double delta = options_.min_delta;
  has_varied_ = has_varied_ || (epoch_ > 0 && value != value_);
  const bool is_first_or_same = !has_varied_;
  const bool better = is_first_or_same || (minimise_ ? value < value_ - delta : value > value_ + delta);
  // The weights first: should the copy fail, what is said of the best epoch still holds for those kept.
  if (better) weights_ = present_weights();
  since_best_ = better ? 0 : since_best_ + 1;
  if (!better) return false;
  value_ = value;
  epoch_ = epoch;
  return true;
}

bool BestEpoch::out_of_patience() const {
  return options_.patience > 0 && has_varied_ && since_best_ >= options_.patience;
}

bool BestEpoch::restore() const {
  if (weights_.empty()) return false;
  kindred::host::restore(tensors_(), weights_);
  return true;
}

void BestEpoch::resume(int64_t epoch, double value, int64_t epochs_since, bool has_varied,
                       std::vector<NamedTensor> weights) {
  epoch_ = epoch;
  value_ = value;
  since_best_ = epochs_since;
  has_varied_ = has_varied;
  weights_ = std::move(weights);
}

std::vector<NamedTensor> BestEpoch::present_weights() const { return snapshot(tensors_()); }

}  // namespace kindred::host
