#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/cli/command_line.hpp"
#include "host/index/index_writer.hpp"

namespace kindred::host {

/// The arguments behind the action of `host index`, of which there must be `count`, or at least that many.
/// Throws UsageError with `usage`.
std::vector<std::string> action_arguments(const CommandLine& command, size_t count, bool or_more,
                                          const char* usage);

/// What follows the INDEX that an action is about. Throws UsageError where there is none.
std::vector<std::string> paths_behind_index(const CommandLine& command);

/// Prints what --json asks for.
void print_json(const nlohmann::json& said);

/// Makes an index and has it filled, as FOLDER.partial, which gets its name when it is complete: half of one
/// is of no use to anybody. Where filling fails nothing of it stays; what a killed command left is made anew.
/// Throws Error where the folder holds anything.
IndexWriter filled_index(const std::string& folder, const IndexSpace& space, const std::string& purpose,
                         const std::function<void(IndexWriter&)>& fill);

/// "cars.index: 8144 items", and the same for --json.
std::string counts_text(const IndexWriter& writer);
nlohmann::json counts(const IndexWriter& writer);

/// Prints what an action has made: `text`, or with --json the counts and what is said of the component,
/// `index`.
void print_made(const CommandLine& command, const IndexWriter& writer, nlohmann::json index,
                const std::string& text);

}  // namespace kindred::host
