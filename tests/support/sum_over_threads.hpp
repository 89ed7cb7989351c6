#pragma once

#include <functional>
#include <memory>

#include "kindred/module.hpp"
#include "meeting_point.hpp"

namespace kindred::testing {

/// What one of the threads that stand for the processes of a training adds up with.
class SumOverThreads final : public SumOverProcesses {
 public:
  /// `point` must outlive it.
  SumOverThreads(MeetingPoint& point, int64_t rank) : point_(point), rank_(rank) {}
  void add_up(at::Tensor& tensor) const override { point_.add_up(rank_, tensor); }

 private:
  MeetingPoint& point_;
  int64_t rank_;
};

/// Calls `work` on a thread for each rank, with what adds up over all of them, which nobody may call any more
/// when this has returned.
inline void as_processes(int64_t size,
                         const std::function<void(int64_t, std::shared_ptr<const SumOverProcesses>)>& work) {
  as_threads(size, [&](MeetingPoint& point, int64_t rank) {
    work(rank, std::make_shared<SumOverThreads>(point, rank));
  });
}

}  // namespace kindred::testing
