#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kindred::host {

/// Who fills a shard, as its claim says: a file that one of several processes creates, so that others leave
/// the shard to it. It is a courtesy: a shard that two fill at once costs time and is right all the same.
struct ShardClaim {
  std::string process;  ///< which of how many, as --shard says it: "2/4"
  std::string host;     ///< the machine's name, for people
  std::string machine;  ///< machine_tag() of it
  int64_t pid = 0;
  int64_t time = 0;  ///< Unix time in seconds when it was made, by that machine's clock
};

std::string text_of(const ShardClaim& claim);

/// A claim of this process, made now.
ShardClaim claim_of(const std::string& process, const std::string& machine);

/// Seconds without a sign of life after which a claim counts for nothing. It is long, since a folder of a
/// network may show another machine's sign a minute late.
constexpr double kClaimHolds = 180;
/// How often whoever fills a shard gives one.
constexpr double kClaimRenewed = 10;

/// Creates the claim at `path`; false where there is one. Throws Error.
bool try_claim(const std::string& path, const ShardClaim& claim);
/// Takes the shard over from whoever claimed it. Throws Error.
void replace_claim(const std::string& path, const ShardClaim& claim);
/// Nothing where there is none, or none that can be understood.
std::optional<ShardClaim> read_claim(const std::string& path);
/// Gives a sign of life. That the claim is gone is no error.
void renew_claim(const std::string& path);

/// Seconds since a claim, or another file, was written or renewed, by the clock of the file system, so that
/// machines need not agree on the time; less than 0 where it is not there. The file `beside` is touched to
/// ask that clock.
double age_of(const std::string& path, const std::string& beside);

}  // namespace kindred::host
