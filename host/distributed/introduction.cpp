#include "host/distributed/introduction.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "host/base/clock.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/text.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr std::chrono::milliseconds kPoll{50};
constexpr double kSaySeconds = 10, kHearingSeconds = 5;
constexpr size_t kDifferencesShown = 3;
constexpr const char* kVerdict = "verdict";
constexpr const char* kWelcome = "welcome";
constexpr const char* kHeard = "heard";

std::string introduction_key(int64_t rank) { return fmt::format("introduction/{}", rank); }

json to_json(const Introduction& one) {
  return {{"machine", one.machine},
          {"address", one.address},
          {"process", one.process},
          {"version", one.version},
          {"pipeline", one.pipeline}};
}

Introduction from_json(const std::string& text) {
  const auto one = json::parse(text);
  return {one.at("machine"), one.at("address"), one.at("process"), one.at("version"), one.at("pipeline")};
}

/// What a machine decides for itself is taken out; of a path the last part stays.
json comparable(const json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return text.find('/') == std::string::npos ? text : std::filesystem::path(text).filename().string();
  }
  if (!value.is_structured()) return value;
  auto out = value;
  for (auto& one : out) one = comparable(one);
  return out;
}

json comparable_pipeline(json pipeline) {
  if (!pipeline.is_object()) return pipeline;
  for (const auto* own : {"device", "threads", "plugins", "output", "cache"}) pipeline.erase(own);
  return comparable(pipeline);
}

/// One difference that nlohmann's diff has found: {"op": "replace", "path": "/train/epochs", "value": 5}.
std::string difference_text(const json& difference, const json& mine) {
  const auto path = difference.at("path").get<std::string>(), kind = difference.at("op").get<std::string>();
  if (kind == "add")
    return fmt::format("{} is {} and not given otherwise", path, json_text(difference.at("value")));
  const auto here = json_text(mine.at(json::json_pointer(path)));
  if (kind == "remove") return fmt::format("{} is not given in place of {}", path, here);
  return fmt::format("{} is {} in place of {}", path, json_text(difference.at("value")), here);
}

/// Waits until `is_done`; says what it waits for every few seconds.
void wait_until(const std::function<bool()>& is_done, const std::function<std::string()>& missing,
                double seconds, Context& context) {
  const double start = now_seconds();
  double said = start;
  while (!is_done()) {
    const double now = now_seconds();
    if (context.interrupted()) throw Interrupted("nothing was begun");
    if (now - start > seconds) {
      throw Error(fmt::format(
          "the group did not come together within {:.0f} s: {}; start all processes with the same "
          "number of processes and the same master",
          seconds, missing()));
    }
    if (now - said > kSaySeconds) {
      said = now;
      context.info(missing());
    }
    std::this_thread::sleep_for(kPoll);
  }
}

std::string verdict_on(const std::vector<Introduction>& all) {
  const auto& first = all.front();
  for (size_t rank = 1; rank < all.size(); ++rank) {
    const auto& one = all[rank];
    const auto name = member_name(static_cast<int64_t>(rank), one);
    if (one.version != first.version) {
      return fmt::format("{} is Kindred {}, and {} is {}; install one version on all machines", name,
                         one.version, member_name(0, first), first.version);
    }
    const auto difference = pipeline_difference(first.pipeline, one.pipeline);
    if (!difference.empty()) {
      return fmt::format(
          "{} has another pipeline than {}: {}; start all processes with the same pipeline and options", name,
          member_name(0, first), difference);
    }
  }
  return kWelcome;
}

}  // namespace

std::string member_name(int64_t rank, const Introduction& introduction) {
  return fmt::format("rank {} on {} (process {})", rank, introduction.machine, introduction.process);
}

std::string pipeline_difference(const json& here, const json& there) {
  const auto mine = comparable_pipeline(here), other = comparable_pipeline(there);
  std::vector<std::string> differences;
  for (const auto& one : json::diff(mine, other)) differences.push_back(difference_text(one, mine));
  const auto count = differences.size();
  if (count > kDifferencesShown) {
    differences.resize(kDifferencesShown);
    differences.push_back(fmt::format("and {} more", count - kDifferencesShown));
  }
  return joined(differences);
}

std::vector<Introduction> meet(KeyStore& store, const GroupMember& member, const Introduction& mine,
                               double seconds, Context& context) {
  if (store.has(kVerdict)) {
    throw Error(fmt::format(
        "a group at {}:{} has begun already, without this process; wait until it has ended, or meet at "
        "another port",
        member.master, member.port));
  }
  store.set(introduction_key(member.rank), json_text(to_json(mine)));
  if (member.rank == 0) {
    std::vector<bool> is_here(static_cast<size_t>(member.size), false);
    const auto missing = [&] {
      std::vector<std::string> ranks;
      for (size_t rank = 0; rank < is_here.size(); ++rank) {
        if (!is_here[rank]) ranks.push_back(std::to_string(rank));
      }
      return fmt::format("waiting at {}:{} for {} of {} processes: rank {}", member.master, member.port,
                         ranks.size(), member.size, joined(ranks));
    };
    wait_until(
        [&] {
          bool all = true;
          for (int64_t rank = 0; rank < member.size; ++rank) {
            const auto place = static_cast<size_t>(rank);
            if (!is_here[place]) is_here[place] = store.has(introduction_key(rank));
            all = all && is_here[place];
          }
          return all;
        },
        missing, seconds, context);
  } else {
    const auto missing = [&] {
      return fmt::format("waiting at {}:{} for rank 0 and the others", member.master, member.port);
    };
    wait_until([&] { return store.has(kVerdict); }, missing, seconds, context);
  }
  std::vector<Introduction> all;
  for (int64_t rank = 0; rank < member.size; ++rank) {
    // Where the others do not meet all, a refused group may lack somebody.
    if (store.has(introduction_key(rank))) all.push_back(from_json(store.get(introduction_key(rank))));
  }
  if (member.rank == 0) store.set(kVerdict, verdict_on(all));
  const auto verdict = store.get(kVerdict);
  if (verdict == kWelcome) return all;
  // The store may end with rank 0, so that all others hear the verdict first.
  store.add(kHeard, 1);
  const double start = now_seconds();
  while (member.rank == 0 && store.add(kHeard, 0) < member.size && now_seconds() - start < kHearingSeconds) {
    std::this_thread::sleep_for(kPoll);
  }
  throw Error(verdict);
}

}  // namespace kindred::host
