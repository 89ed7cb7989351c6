#pragma once

#include <ATen/ATen.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace kindred::testing {

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
  /// Replaces the values of `tensor` by the sum of what all of them gave.
  void add_up(int64_t rank, at::Tensor& tensor) {
    tensor.copy_(at::stack(exchange(rank, tensor.detach().clone())).sum(0));
  }
  int64_t size() const { return size_; }

 private:
  int64_t size_, arrived_ = 0, round_ = 0;
  std::vector<at::Tensor> given_, taken_;
  std::mutex mutex_;
  std::condition_variable all_;
};

/// Calls `work` on a thread for each rank, with where all of them meet.
inline void as_threads(int64_t size, const std::function<void(MeetingPoint&, int64_t rank)>& work) {
  MeetingPoint point(size);
  std::vector<std::thread> threads;
  for (int64_t rank = 0; rank < size; ++rank)
    threads.emplace_back([&work, &point, rank] { work(point, rank); });
  for (auto& one : threads) one.join();
}

}  // namespace kindred::testing
