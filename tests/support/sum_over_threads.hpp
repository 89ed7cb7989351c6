#pragma once

#include <ATen/ATen.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "kindred/module.hpp"

namespace kindred::testing {

/// Threads that stand for the processes of a training.
class SumOverThreads final : public SumOverProcesses {
 public:
  explicit SumOverThreads(int64_t size) : size_(size) {}

  void add_up(at::Tensor& tensor) const override {
    std::unique_lock<std::mutex> lock(mutex_);
    sum_ = arrived_ == 0 ? tensor.detach().clone() : sum_ + tensor.detach();
    const auto round = round_;
    if (++arrived_ == size_) {
      given_ = sum_, arrived_ = 0, ++round_;
      all_.notify_all();
    }
    all_.wait(lock, [&] { return round_ != round; });
    tensor.copy_(given_);  // the next round begins only when this thread has come, too
  }

 private:
  const int64_t size_;
  mutable int64_t arrived_ = 0, round_ = 0;
  mutable at::Tensor sum_, given_;
  mutable std::mutex mutex_;
  mutable std::condition_variable all_;
};

/// Calls `work` on a thread for each rank, with what adds up over all of them.
inline void as_processes(int64_t size,
                         const std::function<void(int64_t, std::shared_ptr<const SumOverProcesses>)>& work) {
  const auto sum = std::make_shared<SumOverThreads>(size);
  std::vector<std::thread> threads;
  for (int64_t rank = 0; rank < size; ++rank) threads.emplace_back([&work, &sum, rank] { work(rank, sum); });
  for (auto& one : threads) one.join();
}

}  // namespace kindred::testing
