#include "host/distributed/introduction.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "host/base/interrupt.hpp"
#include "kindred/error.hpp"
#include "made_store.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;

GroupMember member_of(int64_t rank, int64_t size) {
  GroupMember member;
  member.rank = rank;
  member.size = size;
  member.master = "node0";
  return member;
}

Introduction introduction(const std::string& machine, const json& pipeline = {{"seed", 1}}) {
  return {machine, "10.0.0.1", 42, "1.2.3", pipeline};
}

TEST(PipelineDifference, names_what_differs) {
  const json here = {{"seed", 3}, {"train", {{"epochs", 4}, {"lr", 0.1}}}};
  auto there = here;
  EXPECT_EQ(pipeline_difference(here, there), "");
  there["train"]["epochs"] = 5;
  EXPECT_EQ(pipeline_difference(here, there), "/train/epochs is 5 in place of 4");
  there["train"].erase("lr");
  EXPECT_NE(pipeline_difference(here, there).find("/train/lr is not given in place of 0.1"),
            std::string::npos);
}

TEST(PipelineDifference, leaves_out_what_is_each_machines_own) {
  const json here = {{"device", "cuda"},
                     {"cache", {{"directory", "/a/cache"}}},
                     {"data", {{"root", "/data1/cars"}}},
                     {"plugins", {"/x/y"}}};
  json there = {{"device", "cpu"}, {"cache", {{"directory", "/b"}}}, {"data", {{"root", "/mnt/cars"}}}};
  EXPECT_EQ(pipeline_difference(here, there), "");
  there["data"]["root"] = "/mnt/birds";
  EXPECT_EQ(pipeline_difference(here, there), "/data/root is \"birds\" in place of \"cars\"");
}

/// What every process of a group hears: "" where it is welcome.
std::vector<std::string> meeting(const std::vector<Introduction>& all) {
  MadeStoreContent content;
  std::vector<std::string> heard(all.size());
  std::vector<std::thread> threads;
  for (size_t rank = 0; rank < all.size(); ++rank) {
    threads.emplace_back([&, rank] {
      MadeStore store(content);
      Context context;
      try {
        const auto met = meet(store, member_of(static_cast<int64_t>(rank), static_cast<int64_t>(all.size())),
                              all[rank], 30, context);
        EXPECT_EQ(met.size(), all.size());
        for (size_t i = 0; i < met.size(); ++i) EXPECT_EQ(met[i].machine, all[i].machine);
      } catch (const Error& error) {
        heard[rank] = error.what();
      }
    });
  }
  for (auto& one : threads) one.join();
  return heard;
}

TEST(Meet, brings_those_together_that_do_the_same) {
  EXPECT_EQ(meeting({introduction("a"), introduction("b"), introduction("c")}), std::vector<std::string>(3));
}

TEST(Meet, refuses_another_pipeline_by_name_on_every_process) {
  for (const auto& heard :
       meeting({introduction("a"), introduction("b"), introduction("c", {{"seed", 2}})})) {
    EXPECT_NE(heard.find("rank 2 on c (process 42) has another pipeline than rank 0 on a"), std::string::npos)
        << heard;
    EXPECT_NE(heard.find("/seed is 2 in place of 1"), std::string::npos) << heard;
  }
}

TEST(Meet, refuses_another_version_by_name) {
  auto other = introduction("b");
  other.version = "1.2.4";
  for (const auto& heard : meeting({introduction("a"), other})) {
    EXPECT_NE(heard.find("rank 1 on b (process 42) is Kindred 1.2.4"), std::string::npos) << heard;
  }
}

TEST(Meet, says_who_did_not_come) {
  MadeStoreContent content;
  MadeStore store(content);
  Context context;
  try {
    meet(store, member_of(0, 3), introduction("a"), 0.1, context);
    FAIL() << "two are missing";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("for 2 of 3 processes: rank 1, 2"), std::string::npos)
        << error.what();
  }
}

class StoppedContext final : public Context {
 public:
  bool interrupted() const override { return true; }
};

TEST(Meet, can_be_interrupted) {
  MadeStoreContent content;
  MadeStore store(content);
  StoppedContext context;
  EXPECT_THROW(meet(store, member_of(1, 2), introduction("a"), 30, context), Interrupted);
}

}  // namespace
}  // namespace kindred::host
