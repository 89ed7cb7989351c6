// The one file that knows LibTorch's c10d. Its header of Gloo asks for Gloo's own, which LibTorch's wheel
// lacks; those of Debian's libgloo-dev serve for the declarations, and nothing of that package is linked.
#include "host/distributed/group.hpp"

#if defined(KINDRED_HAS_GLOO) && defined(USE_C10D_GLOO)
#define KINDRED_CAN_MEET 1
#endif

#ifdef KINDRED_CAN_MEET
#include <ATen/ATen.h>
#include <c10/util/Logging.h>
#include <fmt/format.h>
#include <unistd.h>

#include <torch/csrc/api/include/torch/version.h>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

#include "host/base/exit_code.hpp"
#include "host/base/loopback.hpp"
#include "host/base/system_info.hpp"
#include "host/base/text.hpp"
#include "host/distributed/attendance.hpp"
#include "host/distributed/introduction.hpp"
#include "host/distributed/own_address.hpp"
#endif

#include "kindred/abi/version.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

#ifndef KINDRED_CAN_MEET

std::string group_support() {
  return "none: LibTorch has no c10d with Gloo, or libgloo-dev was not there when Kindred was built";
}

std::unique_ptr<Group> join_group(const GroupMember& member, const nlohmann::json&, Context&) {
  throw Error(member.launched_by +
              " began several processes that are to train together, which this build cannot: it has " +
              group_support() + "; begin one process, or install libgloo-dev and build Kindred again");
}

#else

namespace {

constexpr std::chrono::minutes kStoreTimeout{5};
constexpr double kMeetSeconds = 300;
constexpr std::chrono::minutes kConnectTimeout{2};
// A process that computes or waits for others is none that is missing, which Attendance finds.
constexpr std::chrono::hours kCollectiveTimeout{24};
constexpr std::chrono::milliseconds kLook{1000};  // for a failure, while a process waits for others
constexpr std::chrono::seconds kLeaveTimeout{5}, kLastWords{3};

using StorePointer = c10::intrusive_ptr<c10d::Store>;

/// What LibTorch says first; a trace of calls follows.
std::string first_line(const std::exception& error) {
  const std::string text = without_trace(error.what());
  return text.substr(0, text.find('\n'));
}

class C10dStore final : public KeyStore {
 public:
  explicit C10dStore(StorePointer store) : store_(std::move(store)) {}
  void set(const std::string& key, const std::string& text) override {
    store_->set(key, std::vector<uint8_t>(text.begin(), text.end()));
  }
  std::string get(const std::string& key) override {
    const auto bytes = store_->get(key);
    return {bytes.begin(), bytes.end()};
  }
  bool has(const std::string& key) override { return store_->check({key}); }
  long add(const std::string& key, long number) override { return store_->add(key, number); }

 private:
  StorePointer store_;
};

/// A connection of its own to the store of the group; `serves`: it is the store.
StorePointer open_store(const GroupMember& member, bool serves) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(member.port);
  options.isServer = serves;
  options.waitWorkers = false;
  options.timeout = kStoreTimeout;
  try {
    return c10::make_intrusive<c10d::TCPStore>(member.master, options);
  } catch (const std::exception& error) {
    throw Error(
        fmt::format("{}:{} {}: {}", member.master, member.port,
                    serves ? "cannot be listened at, where the processes of the group meet; is another "
                             "group there? Give another port"
                           : "cannot be reached, where process 0 waits for the group; is it begun, and does "
                             "no firewall stand between",
                    first_line(error)));
  }
}

/// Several groups may meet at one store, one after the other.
std::string prefix_of(const GroupMember& member, bool of_this_start) {
  const auto run = "kindred/" + member.run;
  return of_this_start ? fmt::format("{}/{}", run, member.restart) : run + "/kept";
}

class GlooCommunicator final : public Communicator {
 public:
  GlooCommunicator(const StorePointer& store, const GroupMember& member,
                   const c10::intrusive_ptr<c10d::ProcessGroupGloo::Options>& options, Attendance& attendance)
      : member_(member),
        attendance_(attendance),
        group_(c10::make_intrusive<c10d::ProcessGroupGloo>(store, static_cast<int>(member.rank),
                                                           static_cast<int>(member.size), options)) {
#if TORCH_VERSION_MAJOR >= 2
    group_->setTimeout(kCollectiveTimeout);  // what stands in the options is for connecting
#endif
  }

  int64_t rank() const override { return member_.rank; }
  int64_t size() const override { return member_.size; }

  void barrier() override {
    done([&] { return group_->barrier(); });
  }
  void all_reduce_sum(at::Tensor& tensor) override {
    auto here = on_processor(tensor);
    std::vector<at::Tensor> tensors = {here};
    done([&] { return group_->allreduce(tensors); });
    if (!here.is_same(tensor)) tensor.copy_(here);
  }
  at::Tensor all_gather(const at::Tensor& tensor) override {
    const auto mine = on_processor(tensor.detach());
    const auto counts = gathered_alike(at::full({1}, mine.size(0), at::kLong));
    int64_t most = 0;
    for (const auto& one : counts) most = std::max(most, one.item<int64_t>());
    // Gloo gathers tensors of one size; what is missing is filled up, and cut off again.
    auto shape = mine.sizes().vec();
    shape.front() = most;
    auto padded = mine;
    if (mine.size(0) < most) {
      padded = at::zeros(shape, mine.options());
      padded.narrow(0, 0, mine.size(0)).copy_(mine);
    }
    auto all = most == 0 ? std::vector<at::Tensor>(counts.size(), padded) : gathered_alike(padded);
    for (size_t rank = 0; rank < all.size(); ++rank)
      all[rank] = all[rank].narrow(0, 0, counts[rank].item<int64_t>());
    return at::cat(all).to(tensor.device());
  }
  void broadcast(at::Tensor& tensor) override {
    auto here = on_processor(tensor);
    std::vector<at::Tensor> tensors = {here};
    done([&] { return group_->broadcast(tensors); });
    if (!here.is_same(tensor)) tensor.copy_(here);
  }
  bool any(bool mine) override {
    auto count = at::full({1}, mine ? 1 : 0, at::kLong);
    all_reduce_sum(count);
    return count.item<int64_t>() > 0;
  }

 private:
  /// Gloo sends what lies in one piece in the memory of the processor.
  static at::Tensor on_processor(const at::Tensor& tensor) { return tensor.to(at::kCPU).contiguous(); }

  std::vector<at::Tensor> gathered_alike(const at::Tensor& mine) {
    std::vector<at::Tensor> all;
    for (int64_t rank = 0; rank < member_.size; ++rank) all.push_back(at::empty_like(mine));
    std::vector<std::vector<at::Tensor> > outputs = {all};
    std::vector<at::Tensor> inputs = {mine};
    done([&] { return group_->allgather(outputs, inputs); });
    return all;
  }

  /// `begin` begins something that all do together. While it is not done, this looks whether somebody is
  /// missing.
  template <class Begin>
  void done(Begin&& begin) {
    try {
      const auto work = begin();
      while (!is_over(*work)) {
        if (const auto failure = attendance_.failure(); !failure.empty()) throw Error(failure);
      }
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Error(attendance_.failure_after_lost_connection(first_line(error)));
    }
  }

  /// Throws what the work has thrown, if that is why it is over.
  template <class Work>
  static bool is_over(Work& work) {
    try {
      work.wait(kLook);
      return true;
    } catch (const std::exception&) {
      if (!work.isCompleted()) return false;
    }
    // It may have ended right after the time was over. Now it returns at once, or throws why it failed.
    work.wait(kLook);
    return true;
  }

  const GroupMember& member_;
  Attendance& attendance_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

/// What GLOO_SOCKET_IFNAME names: interfaces, separated by commas; mostly nothing.
std::string named_interfaces() {
  const auto* const named = std::getenv("GLOO_SOCKET_IFNAME");
  return named == nullptr ? "" : named;
}

/// Where no interface is named, the one that reaches rank 0 is taken.
c10::intrusive_ptr<c10d::ProcessGroupGloo::Options> options_for(const std::string& address) {
  // Later versions of LibTorch take another limit for the time after connecting.
  constexpr std::chrono::milliseconds kLimit = TORCH_VERSION_MAJOR >= 2
                                                   ? std::chrono::milliseconds(kConnectTimeout)
                                                   : std::chrono::milliseconds(kCollectiveTimeout);
  auto options = c10d::ProcessGroupGloo::Options::create(kLimit);
  if (named_interfaces().empty()) {
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
    return options;
  }
  std::stringstream names(named_interfaces());
  for (std::string name; std::getline(names, name, ',');) {
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForInterface(name));
  }
  options->threads = static_cast<int>(2 * options->devices.size());
  return options;
}

/// Where rank 0 knows its machine by a name that means "myself" there, it takes the interface by which it
/// reaches another machine of the group.
std::string address_for_group(const std::vector<Introduction>& all, const GroupMember& member) {
  const auto& mine = all[static_cast<size_t>(member.rank)];
  if (!is_loopback(mine.address)) return mine.address;
  for (const auto& one : all) {
    if (!is_loopback(one.address)) return address_towards(one.address, member.port);
  }
  return mine.address;
}

void end_process(const std::string& reason, Context& context) {
  context.warning(reason + "; this process ends");
  std::_Exit(kExitRunFailed);  // the thread that computes waits for one that will not come
}

/// What LibTorch's store writes of a lost connection is a page of addresses; what it means is said elsewhere.
void keep_c10d_quiet() {
  constexpr int kKeep = 0;
  ::setenv("TORCH_CPP_LOG_LEVEL", "ERROR", kKeep);
  c10::initLogging();
}

class C10dGroup final : public Group {
 public:
  C10dGroup(const GroupMember& member, const nlohmann::json& pipeline, Context& context)
      : member_(member),
        store_((keep_c10d_quiet(), open_store(member, member.rank == 0 && !member.has_store))),
        here_(c10::make_intrusive<c10d::PrefixStore>(prefix_of(member, true), store_)),
        kept_(c10::make_intrusive<c10d::PrefixStore>(prefix_of(member, false), store_)) {
    C10dStore texts(here_);
    const Introduction mine{name_of_machine(), address_towards(member.master, member.port), ::getpid(),
                            KINDRED_SDK_VERSION, pipeline};
    const auto all = meet(texts, member, mine, kMeetSeconds, context);
    std::vector<std::string> names;
    for (size_t rank = 0; rank < all.size(); ++rank) {
      names.push_back(member_name(static_cast<int64_t>(rank), all[rank]));
    }
    const auto address = address_for_group(all, member_);
    context.info(
        fmt::format("rank {} of {}, begun by {}; it meets the others at {}:{} and talks to them from {}",
                    member_.rank, member_.size, member_.launched_by, member_.master, member_.port,
                    named_interfaces().empty() ? address : named_interfaces() + " (GLOO_SOCKET_IFNAME)"));
    attendance_ =
        std::make_unique<Attendance>(std::make_unique<C10dStore>(c10::make_intrusive<c10d::PrefixStore>(
                                         prefix_of(member, true), open_store(member, false))),
                                     member_, std::move(names), AttendanceLimits{},
                                     [&context](const std::string& reason) { end_process(reason, context); });
    try {
      communicator_ = std::make_unique<GlooCommunicator>(
          c10::make_intrusive<c10d::PrefixStore>("gloo", here_), member_, options_for(address), *attendance_);
    } catch (const std::exception& error) {
      const auto text = fmt::format(
          "the processes of the group cannot connect to each other from {}: {}; name the interface "
          "between them, such as GLOO_SOCKET_IFNAME=eth0",
          address, first_line(error));
      tell_failure(text);
      throw Error(text);
    }
  }

  const GroupMember& member() const override { return member_; }
  Communicator& communicator() override { return *communicator_; }
  std::string failure() const override { return attendance_->failure(); }
  void tell_failure(const std::string& reason) override {
    attendance_->tell_failure(reason);
    // The store ends with this process, so that the others read the reason first.
    if (member_.rank == 0 && !member_.has_store) std::this_thread::sleep_for(kLastWords);
  }
  void tell_progress(const std::string& text) override { attendance_->tell_progress(text); }
  std::vector<std::string> told_progress() const override { return attendance_->told_progress(); }

  void end() override {
    communicator_->barrier();
    attendance_->end();
    try {
      // The store ends with rank 0, so that the others go first.
      C10dStore texts(here_);
      if (texts.add("left", 1) == member_.size) texts.set("all_left", "1");
      if (member_.rank == 0) here_->wait({"all_left"}, kLeaveTimeout);
    } catch (const std::exception&) {
      return;  // who does not take leave has done its work all the same
    }
  }

  std::string kept(const std::string& name) override {
    C10dStore texts(kept_);
    return texts.has(name) ? texts.get(name) : std::string();
  }
  void keep(const std::string& name, const std::string& text) override { C10dStore(kept_).set(name, text); }

 private:
  const GroupMember member_;
  StorePointer store_, here_, kept_;  ///< of the group, of this start, and what outlives it
  std::unique_ptr<Attendance> attendance_;
  std::unique_ptr<GlooCommunicator> communicator_;
};

}  // namespace

std::string group_support() { return "gloo"; }

std::unique_ptr<Group> join_group(const GroupMember& member, const nlohmann::json& pipeline,
                                  Context& context) {
  return std::make_unique<C10dGroup>(member, pipeline, context);
}

#endif

}  // namespace kindred::host
