#include "files/text_lines.hpp"

#include <cmath>
#include <cstdlib>
#include <sstream>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred {

std::vector<TextLine> text_lines(const std::string& path) {
  const auto text = text_content(read_file(path), path);
  const char end = text.find('\n') == std::string::npos ? '\r' : '\n';
  std::vector<TextLine> lines;
  std::istringstream stream(text);
  int64_t number = 0;
  for (std::string line; std::getline(stream, line, end);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push_back({number, line});
  }
  return lines;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

double decimal_of(const std::string& word, const std::string& path, int64_t line) {
  char* end = nullptr;
  const double value = std::strtod(word.c_str(), &end);
  if (word.empty() || *end != '\0' || !(std::abs(value) < 9e15)) {
    throw Error(path + ":" + std::to_string(line) + ": expected a number, got \"" + word + "\"");
  }
  return value;
}

int64_t number_of(const std::string& word, const std::string& path, int64_t line) {
  return static_cast<int64_t>(decimal_of(word, path, line));
}

}  // namespace kindred
