#include "super_classes.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred {
namespace {

constexpr const char* kBlank = " \t\r\n";
constexpr const char* kExpected =
    "; expected is the number of the super class of each class, in the order of the labels from 0 on: one "
    "integer per line, or a JSON array of them";

std::vector<int64_t> of_json(const std::string& path, const std::string& text) {
  const auto list = parse_json(text);
  if (!list.is_array())
    throw Error("super classes: " + path + " begins a JSON array that cannot be read" + kExpected);
  std::vector<int64_t> out;
  for (const auto& one : list) {
    if (!one.is_number_integer()) {
      throw Error("super classes: entry " + std::to_string(out.size()) + " of " + path + " is no integer" +
                  kExpected);
    }
    out.push_back(one.get<int64_t>());
  }
  return out;
}

std::vector<int64_t> of_lines(const std::string& path, const std::string& text) {
  std::vector<int64_t> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find_first_not_of(kBlank);
    const auto word = first == std::string::npos
                          ? std::string()
                          : line.substr(first, line.find_last_not_of(kBlank) - first + 1);
    int64_t value = 0;
    const auto end = std::from_chars(word.data(), word.data() + word.size(), value);
    if (end.ec != std::errc() || end.ptr != word.data() + word.size()) {
      throw Error("super classes: line " + std::to_string(out.size() + 1) + " of " + path + " is \"" +
                  word.substr(0, 40) + "\", no integer" + kExpected);
    }
    out.push_back(value);
  }
  return out;
}

}  // namespace

std::vector<int64_t> read_super_classes(const std::string& path) {
  auto text = text_content(read_file(path), path);
  text.erase(text.find_last_not_of(kBlank) + 1);  // empty lines at the end name no class
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string::npos) throw Error("super classes: " + path + " is empty" + kExpected);
  return text[first] == '[' ? of_json(path, text) : of_lines(path, text);
}

}  // namespace kindred
