#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace kindred::host {

class CommandLine;

/// One of `count` processes that share a piece of work, each started by itself. They do not talk to each
/// other: which part is whose follows from these two numbers alone.
struct ShardChoice {
  int64_t index = 0;  ///< from 0, below `count`
  int64_t count = 1;
  /// With "auto", its number among those on its machine, so that each may take a device of its own; else 0.
  int64_t local_rank = 0;
};

/// What is given, as --shard would say it: "3/8". It counts from 1.
std::string text_of(const ShardChoice& choice);

/// Gives the value of a variable of the environment; null where there is none of this name.
using EnvironmentLookup = std::function<const char*(const char* name)>;

/// What --shard says: "i/n" with 1 <= i <= n, or "auto", for which the variables are read that schedulers and
/// launchers set. Nothing where the option is not given. Throws UsageError.
std::optional<ShardChoice> shard_choice(const CommandLine& command);

/// The same of the option's text, with the environment as `variable` gives it.
ShardChoice shard_choice(const std::string& text, const EnvironmentLookup& variable);

}  // namespace kindred::host
