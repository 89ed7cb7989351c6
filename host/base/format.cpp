// What fmt::format() needs at run time, compiled once: with FMT_HEADER_ONLY each file that formats a text
// would compile it again, three seconds each. LibTorch may bundle an fmt of its own, whose headers come first
// where LibTorch's do, so that the system's library cannot be linked.
#define FMT_HEADER_ONLY 1
#include <fmt/format.h>

#include <string>

namespace kindred::host {

/// Names it, so that the compiler puts it into this file's object.
extern std::string (*const kVformat)(fmt::string_view, fmt::format_args);
std::string (*const kVformat)(fmt::string_view, fmt::format_args) = &fmt::vformat;

}  // namespace kindred::host
