#include <fmt/format.h>

#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/base/size_text.hpp"
#include "host/base/text.hpp"
#include "host/cli/index/action_text.hpp"
#include "host/cli/index/index_actions.hpp"
#include "host/cli/index/index_choice.hpp"
#include "host/cli/shard_choice.hpp"
#include "host/index/build_note.hpp"
#include "host/index/index_folder.hpp"
#include "host/index/shard_note.hpp"
#include "host/index/verify_index.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;

int remove_from_index(const CommandLine& command) {
  auto ids = action_arguments(command, 2, true, "remove INDEX ID...");
  IndexWriter writer(ids.front(), "host index remove");
  ids.erase(ids.begin());
  writer.remove(ids);
  writer.finish();
  if (command.json()) {
    print_json(counts(writer));
  } else {
    std::cout << fmt::format("{}; {} {} removed, and host index compact gives back {} space\n",
                             counts_text(writer), ids.size(), ids.size() == 1 ? "was" : "were",
                             ids.size() == 1 ? "its" : "their");
  }
  return kExitOk;
}

int show_index(const CommandLine& command) {
  const auto folder = IndexFolder::open(action_arguments(command, 1, false, "info INDEX").front());
  auto said = folder->info();
  const auto shard = shard_note_from(folder->note(kShardNote));
  said["shard"] = shard ? json(text_of(ShardChoice{shard->index, shard->count})) : json();
  said["complete"] = folder->note(kBuildNote) != true;
  if (command.json()) {
    print_json(said);
    return kExitOk;
  }
  const auto line = [](const char* name, const std::string& text) {
    std::cout << fmt::format("{:<12} {}\n", name, shown(text));
  };
  const auto bytes = [&](const char* name) { return size_text(said["bytes"][name].get<uintmax_t>()); };
  const auto& index = said["index"];
  line("model", said["model"]["fingerprint"] == ""
                    ? "unknown"
                    : fmt::format("{} (fingerprint {})", said["model"]["name"].get<std::string>(),
                                  said["model"]["fingerprint"].get<std::string>()));
  if (shard) line("shard", said["shard"].get<std::string>() + " of a build; host index merge joins them");
  if (said["complete"] == false) line("state", "its build did not end; the same command goes on with it");
  line("items", fmt::format("{}, and {} rows of removed ones", said["items"].get<int64_t>(),
                            said["removed"].get<int64_t>()));
  line("rows", fmt::format("{} numbers of {}, distance {}{}", said["dimension"].get<int64_t>(),
                           said["precision"].get<std::string>(), said["distance"].get<std::string>(),
                           said["unit_length"] == true ? ", of length 1" : ""));
  if (const auto& embedding = said["embedding"]; embedding["text"] != "") {
    const auto learned = embedding["whitened_by_rows"].get<int64_t>();
    const bool waits = embedding["whiten"] != 0 && learned == 0;
    line("made of",
         embedding["text"].get<std::string>() + (waits         ? ", which waits for the end of the build"
                                                 : learned > 0 ? fmt::format(" by what {} rows say", learned)
                                                               : ""));
  }
  line("index", index["id"] == ""
                    ? "exact search"
                    : fmt::format("{} {} {}, over {} of {} rows", index["id"].get<std::string>(),
                                  index["version"].get<std::string>(), json_text(index["params"]),
                                  index["covered_rows"].get<int64_t>(), said["rows"].get<int64_t>()));
  line("columns", joined(said["columns"].get<std::vector<std::string>>()));
  if (const auto count = said["thumbnails"]["count"].get<int64_t>(); count > 0)
    line("thumbnails", fmt::format("{}, {}", count, size_text(said["thumbnails"]["bytes"].get<uintmax_t>())));
  line("size", fmt::format("rows {} in {} files, metadata {}, index {}", bytes("rows"),
                           said["segments"].get<size_t>(), bytes("metadata"), bytes("index")));
  return kExitOk;
}

int check_index(const CommandLine& command) {
  const auto folder = action_arguments(command, 1, false, "verify INDEX").front();
  const auto check = verify_index(folder);
  if (command.json()) {
    print_json(
        {{"folder", folder}, {"items", check.items}, {"rows", check.rows}, {"problems", check.problems}});
  } else {
    for (const auto& problem : check.problems) std::cout << shown(problem) << "\n";
    if (check.problems.empty())
      std::cout << fmt::format("{}: {} items, {} rows, all whole\n", shown(folder), check.items, check.rows);
  }
  if (!check.problems.empty())
    throw Error(fmt::format("the index {} has {} {}", folder, check.problems.size(),
                            check.problems.size() == 1 ? "problem" : "problems"));
  return kExitOk;
}

int compact_index(const CommandLine& command) {
  const auto folder = action_arguments(command, 1, false, "compact INDEX").front();
  const ComponentChoice choice(command);
  const auto catalog = load_catalog(command);
  choice.check(catalog);
  IndexWriter writer(folder, "host index compact");
  auto index = choice.compact(writer, catalog, command.context());
  writer.finish();
  auto said = counts(writer);
  const auto dropped = index["dropped_rows"].get<int64_t>();
  index.erase("dropped_rows");
  said["dropped_rows"] = dropped;
  said["index"] = std::move(index);
  if (command.json()) {
    print_json(said);
  } else {
    std::cout << fmt::format("{}; the rows of {} removed ones were dropped\n", counts_text(writer), dropped);
  }
  return kExitOk;
}

}  // namespace kindred::host
