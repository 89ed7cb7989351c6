#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

/// A line of a text file with its number, counted from 1, for messages.
struct TextLine {
  int64_t number;
  std::string text;
};

/// Lines without their ends (LF or CR LF; CR in a file that has no LF); those that are empty or blank are
/// left out. The mark that UTF-8 may begin with is dropped. A line may hold bytes that are no UTF-8: in names
/// they stay what they are. Throws Error, also for UTF-16.
std::vector<TextLine> text_lines(const std::string& path);

/// Returns the words that spaces and tabs separate.
std::vector<std::string> words_of(const std::string& line);

/// A number of less than 9e15. Throws Error "FILE:LINE: ..." for anything else.
double decimal_of(const std::string& word, const std::string& path, int64_t line);

/// An integer, or the integer part of a decimal number. Throws Error "FILE:LINE: ..." for anything else.
int64_t number_of(const std::string& word, const std::string& path, int64_t line);

}  // namespace kindred
