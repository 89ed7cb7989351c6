#include "host/cli/shard_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "host/base/text_forms/number_text.hpp"
#include "host/cli/command_line.hpp"

namespace kindred::host {
namespace {

/// Reads the variables of one scheduler.
class SchedulerVariables {
 public:
  explicit SchedulerVariables(const EnvironmentLookup& variable) : variable_(variable) {}

  /// An empty value counts as none, as in a shell.
  bool has(const char* name) const {
    const auto* const value = variable_(name);
    return value != nullptr && *value != '\0';
  }
  /// Throws UsageError where the value is no whole number.
  int64_t number(const char* name) const {
    const std::string value = variable_(name);
    if (const auto number = whole_number(value)) return *number;
    throw UsageError(fmt::format(
        "--shard auto reads {}, which is `{}` and no whole number; give --shard I/N instead", name, value));
  }

 private:
  const EnvironmentLookup& variable_;
};

/// An array may begin with any number and count in steps: --array=10-40:10 has the tasks 10, 20, 30 and 40.
ShardChoice choice_of_array(const SchedulerVariables& variables) {
  const auto* const id_name = "SLURM_ARRAY_TASK_ID";
  const auto* const count_name = "SLURM_ARRAY_TASK_COUNT";
  const auto* const first_name = "SLURM_ARRAY_TASK_MIN";
  const auto* const step_name = "SLURM_ARRAY_TASK_STEP";
  for (const auto* name : {count_name, first_name}) {
    if (variables.has(name)) continue;
    throw UsageError(fmt::format("--shard auto found {} and no {}; give --shard I/N instead", id_name, name));
  }
  const auto id = variables.number(id_name), count = variables.number(count_name);
  const auto first = variables.number(first_name);
  const auto step = variables.has(step_name) ? variables.number(step_name) : 1;
  if (step < 1 || id < first || (id - first) % step != 0 || (id - first) / step >= count) {
    throw UsageError(
        fmt::format("--shard auto takes {0}={1} for one of {2} tasks from {3} in steps of {4}, which it is "
                    "not: give the array as a range, such as --array=1-8, or give --shard I/N",
                    id_name, id, count, first, step));
  }
  return {(id - first) / step, count};
}

/// The variables in which a launcher says a process's rank, from 0, how many there are, and its rank among
/// those on its machine.
struct RankVariables {
  const char* rank;
  const char* count;
  const char* local_rank;
};

ShardChoice choice_of_rank(const SchedulerVariables& variables, const RankVariables& names) {
  const auto rank = variables.number(names.rank), count = variables.number(names.count);
  if (rank < 0 || rank >= count) {
    throw UsageError(fmt::format("--shard auto found {}={} and {}={}: expected a rank from 0 to {}",
                                 names.rank, rank, names.count, count, count - 1));
  }
  const auto local = variables.has(names.local_rank) ? variables.number(names.local_rank) : 0;
  return {rank, count, std::max<int64_t>(local, 0)};
}

ShardChoice choice_of_environment(const EnvironmentLookup& variable) {
  const SchedulerVariables variables(variable);
  if (variables.has("SLURM_ARRAY_TASK_ID")) return choice_of_array(variables);
  // RANK is a name that anything may have, so that one of a pair alone says nothing.
  constexpr RankVariables kRanks[] = {
      {"RANK", "WORLD_SIZE", "LOCAL_RANK"},
      {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"},
      {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"}};
  for (const auto& names : kRanks) {
    if (variables.has(names.rank) && variables.has(names.count)) return choice_of_rank(variables, names);
  }
  throw UsageError(
      "--shard auto found no scheduler in the environment: it looks for SLURM_ARRAY_TASK_ID, RANK with "
      "WORLD_SIZE, OMPI_COMM_WORLD_RANK with OMPI_COMM_WORLD_SIZE, and SLURM_PROCID with SLURM_NTASKS; "
      "give --shard I/N, such as --shard 1/4");
}

}  // namespace

std::string text_of(const ShardChoice& choice) {
  return fmt::format("{}/{}", choice.index + 1, choice.count);
}

ShardChoice shard_choice(const std::string& text, const EnvironmentLookup& variable) {
  if (text == "auto") return choice_of_environment(variable);
  const auto slash = text.find('/');
  const auto index = whole_number(text.substr(0, slash));
  const auto count = slash == std::string::npos ? std::nullopt : whole_number(text.substr(slash + 1));
  if (!index || !count) {
    throw UsageError("--shard is I/N, such as 1/4 for the first of four processes, or auto, and not `" +
                     text + "`");
  }
  if (*count < 1 || *index < 1 || *index > *count) {
    const auto last = std::max<int64_t>(*count, 1);
    throw UsageError(
        fmt::format("--shard {} names none of {} processes: they are counted from 1, so expected "
                    "--shard 1/{} to --shard {}/{}",
                    text, *count, last, last, last));
  }
  return {*index - 1, *count};
}

std::optional<ShardChoice> shard_choice(const CommandLine& command) {
  if (!command.has("shard")) return std::nullopt;
  return shard_choice(command.get<std::string>("shard"), [](const char* name) { return std::getenv(name); });
}

}  // namespace kindred::host
