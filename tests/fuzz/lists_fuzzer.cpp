// A list with a sample on each line, as JSON or as words, and the labels in it. Both readers get each file.
#include <optional>
#include <string>
#include <vector>

#include "files/json_lines.hpp"
#include "files/numbered_labels.hpp"
#include "files/text_lines.hpp"
#include "fuzz_target.hpp"
#include "kindred/error.hpp"
#include "memory_file.hpp"

namespace kindred::fuzz {
namespace {

template <class Read>
bool takes(Read&& read) {
  try {
    read();
    return true;
  } catch (const Error&) {
    return false;
  }
}

void read_objects(const std::string& path) {
  std::vector<std::optional<std::string>> labels;
  each_json_line(path, R"({"path": "a.jpg", "label": 3})", [&](const JsonLine& line) {
    (void)line.word("path");
    if (line.is_in({"train"}, "split")) labels.push_back(line.word("label"));
  });
  (void)numbered_if_given(labels, path, "lines");
}

void read_words(const std::string& path) {
  std::vector<std::string> labels;
  for (const auto& line : text_lines(path)) {
    const auto words = words_of(line.text);
    if (words.size() < 2) throw Error("too few words");
    (void)number_of(words[0], path, line.number);
    labels.push_back(words[1]);
  }
  (void)numbered_labels(labels);
}

}  // namespace

KINDRED_FUZZ_TARGET(lists) {
  const MemoryFile file(data, size);
  const bool objects = takes([&] { read_objects(file.path()); });
  const bool words = takes([&] { read_words(file.path()); });
  return objects || words;
}

}  // namespace kindred::fuzz
