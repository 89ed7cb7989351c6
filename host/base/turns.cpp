#include "host/base/turns.hpp"

#include <utility>

namespace kindred::host {

Turns::Turns(Where where) {
  if (where == Where::own_thread) thread_ = std::thread([this] { serve(); });
}

Turns::~Turns() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard<std::mutex> one(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Turns::run(const std::function<void()>& work) {
  if (thread_.joinable() && std::this_thread::get_id() == thread_.get_id()) return work();
  const std::lock_guard<std::recursive_mutex> turn(turn_);
  if (!thread_.joinable()) return work();
  std::unique_lock<std::mutex> lock(mutex_);
  work_ = &work;
  changed_.notify_all();
  changed_.wait(lock, [this] { return work_ == nullptr; });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Turns::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ends_ || work_ != nullptr; });
    if (work_ == nullptr) return;
    const auto& work = *work_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failure_ = std::move(failure);
    work_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace kindred::host
