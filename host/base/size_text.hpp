#pragma once

#include <cstdint>
#include <string>

namespace kindred::host {

enum class SizeUnit { kibibytes, mebibytes };

/// "12 bytes", "812 KiB", "3.1 MiB", "1.4 GiB": whole numbers of the smallest unit, and one decimal of larger
/// ones. `smallest`: with mebibytes "3.1 MiB" becomes "3 MiB"; what is smaller keeps its own unit.
std::string size_text(uintmax_t bytes, SizeUnit smallest = SizeUnit::kibibytes);

}  // namespace kindred::host
