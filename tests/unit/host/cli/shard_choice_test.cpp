#include "host/cli/shard_choice.hpp"

#include <gtest/gtest.h>

#include <map>

#include "host/cli/command_line.hpp"

namespace kindred::host {
namespace {

using Variables = std::map<std::string, std::string>;

std::string chosen(const std::string& text, const Variables& variables = {}) {
  return text_of(shard_choice(text, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  }));
}

std::string refusal(const std::string& text, const Variables& variables = {}) {
  try {
    return "accepted as " + chosen(text, variables);
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(ShardChoice, CountsFromOne) {
  const auto choice = shard_choice("2/4", [](const char*) { return nullptr; });
  EXPECT_EQ(choice.index, 1);
  EXPECT_EQ(choice.count, 4);
  EXPECT_EQ(chosen("1/1"), "1/1");
  EXPECT_EQ(chosen("4/4"), "4/4");
}

TEST(ShardChoice, RefusesWhatNamesNoProcess) {
  for (const auto* text : {"0/4", "5/4", "-1/4"})
    EXPECT_NE(refusal(text).find("counted from 1, so expected --shard 1/4 to --shard 4/4"), std::string::npos)
        << refusal(text);
  for (const auto* text :
       {"", "2", "/4", "2/", "a/4", "2/4/8", "2 / 4", "automatic", "1/99999999999999999999"})
    EXPECT_NE(refusal(text).find("--shard is I/N"), std::string::npos) << text << ": " << refusal(text);
  EXPECT_NE(refusal("1/0").find("names none of 0 processes"), std::string::npos) << refusal("1/0");
}

TEST(ShardChoice, ReadsArraysThatBeginAndStepAnyhow) {
  const Variables array = {
      {"SLURM_ARRAY_TASK_COUNT", "4"}, {"SLURM_ARRAY_TASK_MIN", "10"}, {"SLURM_ARRAY_TASK_STEP", "10"}};
  const auto with_id = [&](const std::string& id) {
    auto variables = array;
    variables["SLURM_ARRAY_TASK_ID"] = id;
    return variables;
  };
  EXPECT_EQ(chosen("auto", with_id("10")), "1/4");
  EXPECT_EQ(chosen("auto", with_id("40")), "4/4");
  for (const auto* id : {"15", "50", "0"})
    EXPECT_NE(refusal("auto", with_id(id)).find("give the array as a range"), std::string::npos) << id;
  EXPECT_NE(refusal("auto", with_id("ten")).find("SLURM_ARRAY_TASK_ID, which is `ten`"), std::string::npos);
  EXPECT_NE(refusal("auto", {{"SLURM_ARRAY_TASK_ID", "1"}}).find("no SLURM_ARRAY_TASK_COUNT"),
            std::string::npos);
}

TEST(ShardChoice, TakesTheFirstLauncherThatIsThere) {
  Variables variables = {{"SLURM_PROCID", "5"}, {"SLURM_NTASKS", "8"}};
  EXPECT_EQ(chosen("auto", variables), "6/8");
  variables["OMPI_COMM_WORLD_RANK"] = "2";
  EXPECT_EQ(chosen("auto", variables), "6/8") << "a rank without a number of ranks says nothing";
  variables["OMPI_COMM_WORLD_SIZE"] = "3";
  EXPECT_EQ(chosen("auto", variables), "3/3");
  variables["RANK"] = "0";
  variables["WORLD_SIZE"] = "2";
  EXPECT_EQ(chosen("auto", variables), "1/2");
  variables["SLURM_ARRAY_TASK_ID"] = "0";
  variables["SLURM_ARRAY_TASK_MIN"] = "0";
  variables["SLURM_ARRAY_TASK_COUNT"] = "16";
  EXPECT_EQ(chosen("auto", variables), "1/16");
}

TEST(ShardChoice, SaysWhichOfItsMachineAProcessIs) {
  const auto local_rank = [](const Variables& variables) {
    return shard_choice("auto",
                        [&](const char* name) {
                          const auto found = variables.find(name);
                          return found == variables.end() ? nullptr : found->second.c_str();
                        })
        .local_rank;
  };
  EXPECT_EQ(local_rank({{"RANK", "6"}, {"WORLD_SIZE", "8"}, {"LOCAL_RANK", "2"}, {"SLURM_LOCALID", "1"}}), 2);
  EXPECT_EQ(local_rank({{"SLURM_PROCID", "6"}, {"SLURM_NTASKS", "8"}, {"SLURM_LOCALID", "1"}}), 1);
  EXPECT_EQ(local_rank({{"RANK", "6"}, {"WORLD_SIZE", "8"}}), 0);
}

TEST(ShardChoice, SaysWhatWasLookedFor) {
  for (const auto* name : {"SLURM_ARRAY_TASK_ID", "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID"})
    EXPECT_NE(refusal("auto").find(name), std::string::npos) << refusal("auto");
  EXPECT_NE(refusal("auto", {{"RANK", ""}, {"WORLD_SIZE", "2"}}).find("no scheduler"), std::string::npos);
  EXPECT_NE(refusal("auto", {{"RANK", "2"}, {"WORLD_SIZE", "2"}}).find("expected a rank from 0 to 1"),
            std::string::npos);
}

}  // namespace
}  // namespace kindred::host
