#include "host/cli/busy_machine.hpp"

#include <ATen/Parallel.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "host/base/clock.hpp"

namespace kindred::host {
namespace {

constexpr double kSampleSeconds = 0.2;
// In processors that others use of those that this process computes with. Small programs come and go on every
// machine.
constexpr double kBusyFrom = 0.25, kIdleBelow = 0.15;
constexpr int kIdleSamples = 5;  // one after the other, before threads wait awake again

/// Seconds that all processors were busy since the machine began, with what a virtual machine did not get.
double busy_seconds() {
  std::ifstream file("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, waits = 0, interrupts = 0, soft_interrupts = 0, stolen = 0;
  file >> name >> user >> nice >> system >> idle >> waits >> interrupts >> soft_interrupts >> stolen;
  return (user + nice + system + interrupts + soft_interrupts + stolen) /
         static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double own_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Processors that others than this process have used since the last call, on the average.
class LoadOfOthers {
 public:
  LoadOfOthers() { processors(); }
  double processors() {
    const double all = busy_seconds(), own = own_seconds(), time = now_seconds();
    const double used = (all - all_) - (own - own_), passed = time - time_;
    all_ = all;
    own_ = own;
    time_ = time;
    return passed > 0 ? std::max(0.0, used / passed) : 0;
  }

 private:
  double all_ = 0, own_ = 0, time_ = 0;  ///< seconds until the last call
};

/// The variable of the environment that says how threads wait; null where there is none.
const char* said_by_user() {
  for (const auto* name : {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}) {
    if (std::getenv(name) != nullptr) return name;
  }
  return nullptr;
}

/// Asks Linux for turns of 0.1 ms for this thread and those that it will begin. A thread that wakes up then
/// comes before a program that computes on, whose turns are 3 ms, and others wait for it less long; its share
/// of the processor stays the same. Kernels before 6.12 take the number and do nothing with it.
void ask_for_short_turns() {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } wanted{};  // struct sched_attr, version 0, which glibc does not declare everywhere
  static_assert(sizeof wanted == 48, "as the kernel expects it");
  wanted.size = sizeof wanted;
  if (::syscall(SYS_sched_getattr, 0, &wanted, sizeof wanted, 0) != 0 || wanted.policy != SCHED_OTHER) return;
  wanted.runtime = 100000;  // nanoseconds
  ::syscall(SYS_sched_setattr, 0, &wanted, 0);
}

/// Threads that OpenMP's team of this thread keeps, until this thread ends.
void make_team() {
  at::parallel_for(0, at::get_num_threads(), 1, [](int64_t, int64_t) {});
}

}  // namespace

std::string waiting_text() {
  if (const auto* said = said_by_user()) return std::string("as ") + said + " says";
  return at::get_num_threads() > 1 ? "awake, and asleep while other programs need the processors"
                                   : "there is one";
}

BusyMachine::BusyMachine() {
  if (said_by_user() != nullptr || at::get_num_threads() == 1) return;
  ask_for_short_turns();
  watch_ = std::thread([this] { watch(); });
}

BusyMachine::~BusyMachine() {
  {
    const std::lock_guard<std::mutex> one(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  if (watch_.joinable()) watch_.join();
}

bool BusyMachine::ended_within(double seconds) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return ends_; });
}

void BusyMachine::watch() {
  const auto processors = static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN));
  const double left =
      std::max(0.0, processors - at::get_num_threads());  // without what this process computes with
  LoadOfOthers load;
  std::vector<std::thread> teams;
  int idle_samples = 0;
  const auto let_go = [&] {
    {
      const std::lock_guard<std::mutex> one(mutex_);
      is_busy_ = false;
    }
    changed_.notify_all();
    for (auto& team : teams) team.join();
    teams.clear();
  };
  while (!ended_within(kSampleSeconds)) {
    const double taken = load.processors() - left;
    idle_samples = taken < kIdleBelow ? idle_samples + 1 : 0;
    if (teams.empty() && taken > kBusyFrom) {
      is_busy_ = true;  // nobody else reads it yet
      // A team has a thread beside its own, at least: as many teams as may be needed for more threads than
      // processors.
      const auto threads = static_cast<double>(at::get_num_threads());
      const auto count = 1 + static_cast<int>(left / std::max(1.0, threads - 1));
      for (int i = 0; i < count; ++i) teams.emplace_back([this] { keep_more_threads(); });
    } else if (!teams.empty() && idle_samples >= kIdleSamples) {
      let_go();
    }
  }
  let_go();
}

void BusyMachine::keep_more_threads() {
  make_team();
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return !is_busy_; });
}

}  // namespace kindred::host
