#pragma once

#include <ATen/ATen.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "host/distributed/communicator.hpp"

namespace kindred::host {

/// Where the threads of a test meet that stand for processes.
class MeetingPoint {
 public:
  explicit MeetingPoint(int64_t size) : size_(size), given_(static_cast<size_t>(size)) {}

  /// What all of them gave, by rank.
  std::vector<at::Tensor> exchange(int64_t rank, at::Tensor mine) {
    std::unique_lock<std::mutex> lock(mutex_);
    given_[static_cast<size_t>(rank)] = std::move(mine);
    const auto round = round_;
    if (++arrived_ == size_) {
      taken_ = given_;
      arrived_ = 0;
      ++round_;
      all_.notify_all();
    }
    all_.wait(lock, [&] { return round_ != round; });
    return taken_;
  }
  int64_t size() const { return size_; }

 private:
  int64_t size_, arrived_ = 0, round_ = 0;
  std::vector<at::Tensor> given_, taken_;
  std::mutex mutex_;
  std::condition_variable all_;
};

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(MeetingPoint& point, int64_t rank) : point_(point), rank_(rank) {}
  int64_t rank() const override { return rank_; }
  int64_t size() const override { return point_.size(); }
  void barrier() override { point_.exchange(rank_, {}); }
  void all_reduce_sum(at::Tensor& tensor) override {
    const auto all = point_.exchange(rank_, tensor.clone());
    tensor.copy_(at::stack(all).sum(0));
  }
  at::Tensor all_gather(const at::Tensor& tensor) override {
    return at::cat(point_.exchange(rank_, tensor.detach().clone()));
  }
  void broadcast(at::Tensor& tensor) override {
    tensor.copy_(point_.exchange(rank_, tensor.clone()).front());
  }
  bool any(bool mine) override {
    const auto all = point_.exchange(rank_, at::full({1}, mine ? 1 : 0, at::kLong));
    return at::cat(all).sum().item<int64_t>() > 0;
  }

 private:
  MeetingPoint& point_;
  int64_t rank_;
};

}  // namespace kindred::host
