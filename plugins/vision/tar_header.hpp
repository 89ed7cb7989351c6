#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kindred {

constexpr uint64_t kTarBlock = 512;
using TarBlock = std::array<char, kTarBlock>;

/// What the header of an entry says (POSIX.1-1988 ustar, with GNU's long numbers).
struct TarHeader {
  std::string name;
  uint64_t size = 0;
  char type = '0';  ///< '0' file, 'L' GNU's long name of the next entry, 'x' pax records for the next, ...
};

/// Says whether a block is all zero; two such blocks end a tar file.
bool is_zero(const TarBlock& block);

/// Nothing when the checksum or a number is wrong.
std::optional<TarHeader> tar_header(const TarBlock& block);

/// The "LENGTH KEY=VALUE\n" records of a pax header; nothing when they are damaged.
std::optional<std::vector<std::pair<std::string, std::string>>> pax_records(const std::string& text);

/// A size in digits of a pax record; nothing when it is none.
std::optional<uint64_t> decimal_number(const std::string& digits);

}  // namespace kindred
