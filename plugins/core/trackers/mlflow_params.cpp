#include "mlflow_params.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kindred/io/json_text.hpp"
#include "mlflow_text.hpp"

namespace kindred {
namespace {
using nlohmann::json;

constexpr size_t kLongestKey = 250;
constexpr size_t kLongestPrefix = 60;  // of a metric, before its slash
constexpr size_t kLongestParam = 6000;

/// Python, by whose word MLflow judges, counts more as letters; these are whole ranges of them.
bool is_letter_beyond_ascii(char32_t one) {
  constexpr std::pair<char32_t, char32_t> kRanges[] = {
      {0x00C0, 0x00D6}, {0x00D8, 0x00F6}, {0x00F8, 0x024F},                    // Latin
      {0x0391, 0x03A1}, {0x03A3, 0x03FF}, {0x0400, 0x0481}, {0x048A, 0x052F},  // Greek, Cyrillic
      {0x05D0, 0x05EA}, {0x0620, 0x064A},                                      // Hebrew, Arabic
      {0x3041, 0x3096}, {0x30A1, 0x30FA}, {0x4E00, 0x9FA5}, {0xAC00, 0xD7A3},  // Japanese, Chinese, Korean
  };
  return std::any_of(std::begin(kRanges), std::end(kRanges),
                     [&](const auto& range) { return one >= range.first && one <= range.second; }) &&
         one != 0x03F6;  // a sign of mathematics among Greek letters
}

bool is_taken(char32_t one) {
  if (one >= 0x80) return is_letter_beyond_ascii(one);
  return (one >= '0' && one <= '9') || (one >= 'A' && one <= 'Z') || (one >= 'a' && one <= 'z') ||
         std::u32string_view(U"_-.: ").find(one) != std::u32string_view::npos;
}

/// At most `longest` bytes, cut between characters. A dot at the beginning could name a folder.
std::string part_of_key(std::string_view name, size_t longest) {
  std::string out;
  for (const auto one : code_points(name)) {
    const auto next = is_taken(one) ? utf8_of({&one, 1}) : std::string("_");
    if (out.size() + next.size() > longest) break;
    out += next;
  }
  if (out.empty()) return "_";
  if (out[0] == '.') out[0] = '_';
  return out;
}

std::string param_text(const json& value) {
  auto text = value.is_string() ? value.get<std::string>() : json_text(value);
  const auto characters = code_points(text);
  if (characters.size() <= kLongestParam) return utf8_of(characters);
  return utf8_of(std::u32string_view(characters).substr(0, kLongestParam - 3)) + "...";
}

bool has_parts(const json& value) {
  if (value.is_object()) return !value.empty();
  return value.is_array() &&
         std::any_of(value.begin(), value.end(), [](const json& one) { return one.is_structured(); });
}

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

void flatten(const json& value, const std::string& place, MlflowKeys& keys, NamedTexts& out) {
  if (!has_parts(value)) {
    out.emplace_back(keys.of(place), param_text(value));
    return;
  }
  for (const auto& [name, part] : value.items()) {
    auto below = place;
    if (!below.empty()) below += '.';
    flatten(part, below + name, keys, out);
  }
}

}  // namespace

std::string MlflowKeys::of(const std::string& name) { return unique(name, part_of_key(name, kLongestKey)); }

std::string MlflowKeys::of_metric(const std::string& name) {
  const auto slash = name.find('/');
  if (slash == std::string::npos) return of(name);
  // Further slashes go: "a/b/c" would be a folder where "a/b" is a file.
  const auto prefix = part_of_key(std::string_view(name).substr(0, slash), kLongestPrefix);
  const auto rest = part_of_key(std::string_view(name).substr(slash + 1), kLongestKey - prefix.size() - 1);
  return unique(name, prefix + "/" + rest);
}

std::string MlflowKeys::unique(const std::string& name, const std::string& wanted) {
  if (const auto known = given_.find(name); known != given_.end()) return known->second;
  auto key = wanted;
  for (int number = 2; used_.count(key) > 0; ++number) {
    const auto end = "_" + std::to_string(number);
    auto begin = wanted;
    while (begin.size() + end.size() > kLongestKey) {
      auto characters = code_points(begin);
      characters.pop_back();
      begin = utf8_of(characters);
    }
    key = begin + end;
  }
  used_.insert(key);
  return given_[name] = key;
}

NamedTexts mlflow_params(std::string_view text) {
  NamedTexts out;
  MlflowKeys keys;
  const auto value = parse_json(text);
  if (has_parts(value)) flatten(value, "", keys, out);
  return out;
}

}  // namespace kindred
