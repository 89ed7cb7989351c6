#pragma once

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

/// Prints what --json asks for.
void print_json(const nlohmann::json& said);

/// "cars.index: 8144 items", and the same for --json.
std::string counts_text(const IndexWriter& writer);
nlohmann::json counts(const IndexWriter& writer);

}  // namespace kindred::host
