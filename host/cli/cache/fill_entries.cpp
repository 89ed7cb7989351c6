// `host cache fill`, which computes: libkindred_engine.so has it, the program the other actions.
#include <fmt/format.h>

#include <iostream>
#include <map>

#include "host/base/exit_code.hpp"
#include "host/base/progress.hpp"
#include "host/cache/machine_tag.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/shard_choice.hpp"
#include "host/model/device.hpp"
#include "host/pipeline/validator.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/run_material.hpp"
#include "host/run/weights_advice.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

ShardChoice own_choice(const CommandLine& command) {
  const auto choice = shard_choice(command);
  if (command.has("steal") && !choice)
    throw UsageError("--steal needs --shard I/N, which says what this process has of its own");
  return choice.value_or(ShardChoice{});
}

void refuse_options_of_clear(const CommandLine& command) {
  for (const auto* option : {"older-than", "partial", "earlier", "key", "dry-run"}) {
    if (!command.has(option)) continue;
    throw UsageError(std::string("--") + option + " belongs to `host cache clear`, not to `host cache fill`");
  }
}

/// What a run keeps of this pipeline; throws where that is nothing, so that no job of a cluster does nothing
/// for long.
FillReport filled(const Pipeline& pipeline, const Catalog& catalog, const FillShare& share,
                  int64_t local_rank, Context& context) {
  if (!pipeline.cache.on_disk()) {
    throw PipelineError({{pipeline.file, "/cache/type",
                          "nothing is kept on disk, so there is nothing to fill; take \"disk\""}});
  }
  RunMaterial material;
  material.components = make_components(catalog, pipeline);
  const auto device = device_of_process(pipeline.device, local_rank);
  prepare_data(material, pipeline, catalog, context);
  prepare_model(material, pipeline, catalog, device, context);
  auto& store = prepare_encoding(material, pipeline, device, context);
  auto report = store.fill(material.split, share);
  if (!report.entries.empty()) return report;
  throw PipelineError({{pipeline.file, "/model/encoders",
                        "no encoder has frozen stages with tensors, so a run keeps nothing in the cache and "
                        "there is nothing to fill"}});
}

/// How many shards of which process are missing: "1/4: 3, 3/4: 2".
std::string missing_text(const FillReport& report, const FillShare& share) {
  constexpr size_t kNamed = 8;
  std::map<int64_t, int64_t> counts;
  for (const auto& entry : report.entries) {
    for (const auto& one : entry.missing) ++counts[one.process];
  }
  std::string text;
  size_t named = 0;
  for (const auto& [process, count] : counts) {
    if (named++ == kNamed) return fmt::format("{} and of {} more", text, counts.size() - kNamed);
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", share.process_text(process), count);
  }
  return text;
}

int64_t count_shards(const FillReport& report) {
  int64_t count = 0;
  for (const auto& entry : report.entries) count += entry.shards;
  return count;
}

void print_report(const FillReport& report, const Pipeline& pipeline, const FillShare& share) {
  std::cout << fmt::format("{}: {} shards filled here with {} samples, {} of its own were there, in {}\n",
                           share.count > 1 ? "process " + share.text() : "cache of " + shown(pipeline.name),
                           report.filled(), report.encoded, report.own_present(),
                           duration_text(report.seconds));
  const auto shards = count_shards(report), missing = report.missing();
  if (share.count > shards) {
    std::cout << fmt::format(
        "{} processes are more than the {} shards that there are: {} have nothing to do\n", share.count,
        shards, share.count - shards);
  }
  if (missing == 0) {
    std::cout << fmt::format("nothing is missing in {}: a run finds all of it\n",
                             shown(pipeline.cache.directory));
  } else {
    std::cout << fmt::format("missing still in {}: {} of {} shards (by process: {})\n",
                             shown(pipeline.cache.directory), missing, shards, missing_text(report, share));
  }
}

json json_of(const FillReport& report, const Pipeline& pipeline, const FillShare& share) {
  json entries = json::array();
  for (const auto& one : report.entries) {
    json missing = json::array();
    for (const auto& shard : one.missing)
      missing.push_back({{"shard", shard.shard}, {"process", share.process_text(shard.process)}});
    entries.push_back({{"key", one.key},
                       {"view", one.view},
                       {"samples", one.samples},
                       {"shards", one.shards},
                       {"own", one.own},
                       {"filled", one.filled},
                       {"own_present", one.own_present},
                       {"missing", missing}});
  }
  return {{"directory", pipeline.cache.directory},
          {"process", share.text()},
          {"entries", entries},
          {"filled", report.filled()},
          {"own_present", report.own_present()},
          {"missing", report.missing()},
          {"samples_encoded", report.encoded},
          {"seconds", report.seconds}};
}

int fill_command(const CommandLine& command) {
  const auto given = command.list("DIR");
  if (given.empty()) throw UsageError("host cache fill needs a pipeline file: host cache fill PIPELINE");
  refuse_options_of_clear(command);
  const auto choice = own_choice(command);
  const FillShare share{choice.index, choice.count, command.has("steal"), machine_tag()};
  const auto document = read_document(given.front(), command.list("set"));
  const auto catalog = load_catalog(command, plugin_folders(document));
  const auto pipeline = checked_pipeline(document, catalog, DatasetUse::read, DataLook::when_wrong);
  tell_notes(pipeline, command.context());
  const auto report = filled(pipeline, catalog, share, choice.local_rank, command.context());
  if (command.json())
    std::cout << json_text(json_of(report, pipeline, share), 2) << "\n";
  else
    print_report(report, pipeline, share);
  return kExitOk;
}

const CommandBody kFill("cache", &fill_command);

}  // namespace
}  // namespace kindred::host
