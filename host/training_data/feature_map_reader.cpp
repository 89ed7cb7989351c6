#include "host/training_data/feature_map_reader.hpp"

#include <ATen/ATen.h>

namespace kindred::host {

FeatureMapReader::FeatureMapReader(const FeatureViews& views, std::vector<std::vector<SampleView>> batches,
                                   at::ScalarType dtype)
    : views_(views), batches_(std::move(batches)), dtype_(dtype), worker_([this] { work(); }) {}

FeatureMapReader::~FeatureMapReader() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  worker_.join();
}

void FeatureMapReader::work() {
  for (const auto& batch : batches_) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      room_.wait(lock, [this] { return stop_ || waiting_.size() < kAhead; });
      if (stop_) return;
    }
    at::Tensor rows;
    std::exception_ptr failure;
    try {
      rows = views_.gather(batch, dtype_);
      if (rows.dim() == 4) rows = rows.permute({0, 3, 1, 2});
    } catch (...) {
      failure = std::current_exception();
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      waiting_.push(rows);
      failure_ = failure;
    }
    ready_.notify_all();
    if (failure) return;
  }
}

at::Tensor FeatureMapReader::next() {
  std::unique_lock<std::mutex> lock(mutex_);
  ready_.wait(lock, [this] { return !waiting_.empty(); });
  auto rows = waiting_.front();
  waiting_.pop();
  if (!rows.defined()) std::rethrow_exception(failure_);
  lock.unlock();
  room_.notify_all();
  return rows;
}

}  // namespace kindred::host
