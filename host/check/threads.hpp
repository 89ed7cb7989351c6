#pragma once

#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace kindred::host {

constexpr int kCheckThreads = 8;

/// Runs `work(thread)` in several threads at once and throws what the first of them threw.
inline void in_threads(const std::function<void(int thread)>& work) {
  std::vector<std::exception_ptr> failures(kCheckThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kCheckThreads; ++i) {
    threads.emplace_back([&, i] {
      try {
        work(i);
      } catch (...) {
        failures[static_cast<size_t>(i)] = std::current_exception();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace kindred::host
