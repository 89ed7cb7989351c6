#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "host/distributed/communicator.hpp"
#include "meeting_point.hpp"

namespace kindred::host {
using kindred::testing::MeetingPoint;

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(MeetingPoint& point, int64_t rank) : point_(point), rank_(rank) {}
  int64_t rank() const override { return rank_; }
  int64_t size() const override { return point_.size(); }
  void barrier() override { point_.exchange(rank_, {}); }
  void all_reduce_sum(at::Tensor& tensor) override { point_.add_up(rank_, tensor); }
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

/// Calls `work` on a thread for each of `size` processes, with the communicator of each.
inline void as_group(int64_t size, const std::function<void(Communicator&)>& work) {
  kindred::testing::as_threads(size, [&](MeetingPoint& point, int64_t rank) {
    ThreadCommunicator communicator(point, rank);
    work(communicator);
  });
}

}  // namespace kindred::host
