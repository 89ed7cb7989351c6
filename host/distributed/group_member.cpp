#include "host/distributed/group_member.hpp"

#include <fmt/format.h>

#include <vector>

#include "host/base/text_forms/number_text.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kLastPort = 65535, kPortsOfSlurm = 1000;

std::string text_in(const Environment& environment, const char* name) {
  const auto* const value = environment(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// Nothing where the variable is not there or empty.
std::optional<int64_t> number_in(const Environment& environment, const char* name) {
  const auto text = text_in(environment, name);
  if (text.empty()) return {};
  const auto number = whole_number(text);
  if (!number) throw Error(fmt::format("the variable {} is \"{}\", which is no whole number", name, text));
  return number;
}

void check_member(const GroupMember& member) {
  if (member.size < 1 || member.rank < 0 || member.rank >= member.size) {
    throw Error(
        fmt::format("{} says that this is process {} of {}; ranks go from 0 to one less than the number "
                    "of processes",
                    member.launched_by, member.rank, member.size));
  }
  if (member.port < 1 || member.port > kLastPort) {
    throw Error(fmt::format("port {} is none; expected 1 to {}", member.port, kLastPort));
  }
}

/// HOST, HOST:PORT, [IPv6]:PORT. A name with several colons is an address of IPv6.
void take_master(GroupMember& member, const std::string& text) {
  member.master = text;
  const auto colon = text.rfind(':');
  const bool in_brackets = !text.empty() && text.front() == '[';
  const auto bracket = text.find(']');
  if (in_brackets && bracket != std::string::npos) member.master = text.substr(1, bracket - 1);
  const bool has_port =
      colon != std::string::npos &&
      (in_brackets ? bracket != std::string::npos && colon == bracket + 1 : text.find(':') == colon);
  if (!has_port) return;
  if (!in_brackets) member.master = text.substr(0, colon);
  const auto port = whole_number(text.substr(colon + 1));
  if (!port) throw Error(fmt::format("--master is \"{}\"; expected HOST or HOST:PORT", text));
  member.port = *port;
}

/// MASTER_ADDR and MASTER_PORT decide, whoever launched this.
void take_master_of_environment(GroupMember& member, const Environment& environment) {
  if (const auto master = text_in(environment, "MASTER_ADDR"); !master.empty()) member.master = master;
  if (const auto port = number_in(environment, "MASTER_PORT")) member.port = *port;
}

std::optional<GroupMember> of_command_line(const GroupRequest& request) {
  if (!request.rank && !request.size && request.master.empty()) return {};
  if (!request.rank || !request.size || request.master.empty()) {
    throw Error(
        "--rank, --world-size and --master belong together: the number of this process, how many there are, "
        "and "
        "the machine of process 0, such as --rank 1 --world-size 2 --master node1:29500");
  }
  GroupMember member;
  member.launched_by = "--rank";
  member.rank = *request.rank;
  member.size = *request.size;
  take_master(member, request.master);
  return member;
}

/// The variables in which a launcher says which of its processes this is.
struct RankVariables {
  const char *rank, *size;
  const char* also;  ///< without which those of before say nothing; null: none
  const char* local_rank;
  const char* local_size;  ///< null: not said
};

/// Nothing where the launcher has not set them.
std::optional<GroupMember> of_launcher(const char* name, const RankVariables& variables,
                                       const Environment& environment) {
  const auto rank = number_in(environment, variables.rank), size = number_in(environment, variables.size);
  if (!rank || !size || (variables.also != nullptr && text_in(environment, variables.also).empty()))
    return {};
  GroupMember member;
  member.launched_by = name;
  member.rank = *rank;
  member.size = *size;
  member.local_rank = number_in(environment, variables.local_rank).value_or(0);
  if (variables.local_size != nullptr)
    member.local_size = number_in(environment, variables.local_size).value_or(0);
  return member;
}

std::optional<GroupMember> of_torchrun(const Environment& environment) {
  auto member = of_launcher(
      "torchrun", {"RANK", "WORLD_SIZE", "MASTER_ADDR", "LOCAL_RANK", "LOCAL_WORLD_SIZE"}, environment);
  if (!member) return {};
  member->run = text_in(environment, "TORCHELASTIC_RUN_ID");
  member->restart = number_in(environment, "TORCHELASTIC_RESTART_COUNT").value_or(0);
  member->has_store = text_in(environment, "TORCHELASTIC_USE_AGENT_STORE") == "True";
  return member;
}

/// A job of one machine needs no master; that of several has to name it.
std::optional<GroupMember> of_mpirun(const Environment& environment) {
  auto member = of_launcher("mpirun",
                            {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", nullptr,
                             "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"},
                            environment);
  if (!member) return {};
  member->run = text_in(environment, "PMIX_NAMESPACE");
  if (member->local_size == member->size) member->master = "127.0.0.1";
  return member;
}

/// SLURM_STEP_ID tells the tasks of srun from the script of a job, which knows the number of tasks as well
/// and is alone. Slurm's number of tasks on a machine may be a list, so that it is not read.
std::optional<GroupMember> of_srun(const Environment& environment) {
  const auto step = number_in(environment, "SLURM_STEP_ID");
  auto member =
      of_launcher("srun", {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_ID", "SLURM_LOCALID", nullptr},
                  environment);
  if (!member) return {};
  member->restart = number_in(environment, "SLURM_RESTART_COUNT").value_or(0);
  auto nodes = text_in(environment, "SLURM_STEP_NODELIST");
  if (nodes.empty()) nodes = text_in(environment, "SLURM_JOB_NODELIST");
  member->master = first_of_node_list(nodes);
  // Jobs may share a machine, and steps a job, so that each takes a port by its own number.
  if (const auto job = number_in(environment, "SLURM_JOB_ID")) member->port += (*job + *step) % kPortsOfSlurm;
  member->run = text_in(environment, "SLURM_JOB_ID") + "." + std::to_string(*step);
  return member;
}

}  // namespace

std::string first_of_node_list(const std::string& list) {
  const auto end = list.find_first_of(",[");
  const auto stem = list.substr(0, end);
  if (end == std::string::npos || list[end] == ',') return stem;
  return stem + list.substr(end + 1, list.find_first_of("-,]", end) - end - 1);
}

std::optional<GroupMember> group_member(const GroupRequest& request, const Environment& environment) {
  auto member = of_command_line(request);
  if (!member) {
    for (const auto read : {of_torchrun, of_mpirun, of_srun}) {
      member = read(environment);
      if (member && member->size > 1) break;
    }
    if (member) take_master_of_environment(*member, environment);
  }
  if (!member) return {};
  check_member(*member);
  if (member->size == 1) return {};
  if (member->master.empty()) {
    throw Error(
        fmt::format("{} started {} processes on several machines and says nothing of the machine of process "
                    "0; set MASTER_ADDR "
                    "to its name (mpirun -x MASTER_ADDR=node1), or give --rank, --world-size and --master",
                    member->launched_by, member->size));
  }
  return member;
}

}  // namespace kindred::host
