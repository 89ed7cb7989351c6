#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Names and texts are bytes. A path is opened as the bytes that it is, whether they are UTF-8 or not; a text
/// that is read for its meaning must be UTF-8. What a person or a JSON file sees is shown().
namespace kindred {

/// Returns where the first byte lies that is part of no character of UTF-8 (RFC 3629), or npos.
size_t first_not_utf8(std::string_view bytes);

/// UTF-8 stays what it is. Elsewhere each byte that is part of no character becomes four, 0xE9 "\xE9", and a
/// backslash that could be taken for the beginning of these becomes "\x5C", so that the bytes can be told
/// from what is shown. [thread-safe]
std::string shown(std::string_view bytes);

/// The path that a text in UTF-8 names, such as a line of JSON: itself, or, where no such file is there, the
/// bytes that the escapes of shown() in it stand for.
std::string path_of_shown(const std::string& path);

/// Returns the content of a text file without the mark that UTF-8 may begin with. Throws Error for UTF-16 and
/// UTF-32, with what was found and the command that converts `path`; what else is no UTF-8 passes.
std::string text_content(std::string bytes, const std::string& path);

/// Says where a text stops being UTF-8, what it looks like, and how `path`, whose content or part it is, is
/// converted: "byte 0xE9 at line 3, column 7 is no UTF-8; ...". Empty for UTF-8. Lines are counted from
/// `first_line`.
std::string encoding_fault(std::string_view text, const std::string& path, int64_t first_line = 1);

}  // namespace kindred
