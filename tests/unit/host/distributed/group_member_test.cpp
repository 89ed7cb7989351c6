#include "host/distributed/group_member.hpp"

#include <gtest/gtest.h>

#include <map>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

using Variables = std::map<std::string, std::string>;

std::optional<GroupMember> member_in(const Variables& variables, const GroupRequest& request = {}) {
  return group_member(request, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string refusal_of(const Variables& variables, const GroupRequest& request = {}) {
  try {
    member_in(variables, request);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(GroupMember, is_none_where_nothing_says_so) {
  EXPECT_FALSE(member_in({}));
  EXPECT_FALSE(member_in({{"RANK", "0"}, {"WORLD_SIZE", "1"}, {"MASTER_ADDR", "a"}}))
      << "one process is alone";
  EXPECT_FALSE(member_in({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}, {"SLURM_JOB_NODELIST", "n1"}}))
      << "the script of a job is no task of srun";
}

TEST(GroupMember, reads_what_torchrun_sets) {
  const auto member = member_in({{"RANK", "3"},
                                 {"WORLD_SIZE", "4"},
                                 {"LOCAL_RANK", "1"},
                                 {"LOCAL_WORLD_SIZE", "2"},
                                 {"MASTER_ADDR", "node1"},
                                 {"MASTER_PORT", "4711"},
                                 {"TORCHELASTIC_RUN_ID", "cars"},
                                 {"TORCHELASTIC_RESTART_COUNT", "2"},
                                 {"TORCHELASTIC_USE_AGENT_STORE", "True"}});
  ASSERT_TRUE(member);
  EXPECT_EQ(member->rank, 3);
  EXPECT_EQ(member->size, 4);
  EXPECT_EQ(member->local_rank, 1);
  EXPECT_EQ(member->local_size, 2);
  EXPECT_EQ(member->master, "node1");
  EXPECT_EQ(member->port, 4711);
  EXPECT_EQ(member->run, "cars");
  EXPECT_EQ(member->restart, 2);
  EXPECT_TRUE(member->has_store);
}

TEST(GroupMember, reads_what_mpirun_sets) {
  const Variables alone_on_machine = {{"OMPI_COMM_WORLD_RANK", "1"},
                                      {"OMPI_COMM_WORLD_SIZE", "2"},
                                      {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                      {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
  const auto member = member_in(alone_on_machine);
  ASSERT_TRUE(member);
  EXPECT_EQ(member->rank, 1);
  EXPECT_EQ(member->master, "127.0.0.1");
  auto on_two = alone_on_machine;
  on_two["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1";
  EXPECT_NE(refusal_of(on_two).find("set MASTER_ADDR"), std::string::npos) << refusal_of(on_two);
  on_two["MASTER_ADDR"] = "10.0.0.1";
  EXPECT_EQ(member_in(on_two)->master, "10.0.0.1");
}

TEST(GroupMember, reads_what_srun_sets) {
  const auto member = member_in({{"SLURM_PROCID", "2"},
                                 {"SLURM_STEP_ID", "0"},
                                 {"SLURM_STEP_NUM_TASKS", "4"},
                                 {"SLURM_LOCALID", "0"},
                                 {"SLURM_STEP_NODELIST", "gpu[07-10]"},
                                 {"SLURM_JOB_ID", "123456"}});
  ASSERT_TRUE(member);
  EXPECT_EQ(member->rank, 2);
  EXPECT_EQ(member->master, "gpu07");
  EXPECT_EQ(member->port, 29500 + 456) << "jobs on one machine do not meet";
  EXPECT_EQ(member->run, "123456.0");
}

TEST(GroupMember, finds_the_first_machine_of_a_list) {
  EXPECT_EQ(first_of_node_list("gpu[03-05,9],login1"), "gpu03");
  EXPECT_EQ(first_of_node_list("gpu[7,9]"), "gpu7");
  EXPECT_EQ(first_of_node_list("a1,b2"), "a1");
  EXPECT_EQ(first_of_node_list("alone"), "alone");
}

TEST(GroupMember, takes_the_command_line_first) {
  const Variables torchrun = {{"RANK", "0"}, {"WORLD_SIZE", "9"}, {"MASTER_ADDR", "x"}};
  const auto member = member_in(torchrun, {1, 2, "node1:5000"});
  ASSERT_TRUE(member);
  EXPECT_EQ(member->rank, 1);
  EXPECT_EQ(member->size, 2);
  EXPECT_EQ(member->master, "node1");
  EXPECT_EQ(member->port, 5000);
  EXPECT_EQ(member_in({}, {1, 2, "node1"})->port, 29500);
  EXPECT_EQ(member_in({}, {1, 2, "fe80::1"})->master, "fe80::1");
  const auto bracketed = member_in({}, {1, 2, "[fe80::1]:80"});
  EXPECT_EQ(bracketed->master, "fe80::1");
  EXPECT_EQ(bracketed->port, 80);
}

TEST(GroupMember, refuses_what_cannot_be) {
  EXPECT_NE(refusal_of({}, {1, {}, "node1"}).find("belong together"), std::string::npos);
  EXPECT_NE(refusal_of({}, {2, 2, "node1"}).find("process 2 of 2"), std::string::npos);
  EXPECT_NE(refusal_of({}, {0, 2, "node1:many"}).find("HOST:PORT"), std::string::npos);
  EXPECT_NE(refusal_of({}, {0, 2, "node1:70000"}).find("port 70000"), std::string::npos);
  EXPECT_NE(refusal_of({{"RANK", "first"}, {"WORLD_SIZE", "2"}}).find("RANK is \"first\""),
            std::string::npos);
}

}  // namespace
}  // namespace kindred::host
