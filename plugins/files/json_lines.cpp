#include "files/json_lines.hpp"

#include <cmath>

#include "files/numbered_labels.hpp"
#include "files/splits.hpp"
#include "files/text_lines.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred {
namespace {
using nlohmann::json;

constexpr double kLargestInteger = 9007199254740992.0;  // beyond 2^53 a double skips integers

/// Throws json::exception or Error with the reason alone.
json parsed(const std::string& text) {
  return json::parse(text, [](int depth, json::parse_event_t event, json&) {
    if (nests_too_deep(depth, event))
      throw Error("it nests arrays or objects deeper than " + std::to_string(kDeepestJson) + " levels");
    return true;
  });
}

/// "[json.exception.parse_error.101] parse error at line 1, column 3: ..." without the bracket, and without
/// the line, which is counted inside the one line.
std::string reason_of(const std::string& what) {
  const auto end = what.find("] ");
  auto text = end == std::string::npos ? what : what.substr(end + 2);
  const std::string inner = "line 1, ";
  const auto at = text.find(inner);
  if (at != std::string::npos) text.erase(at, inner.size());
  return text;
}

}  // namespace

void JsonLine::fail(const std::string& message) const {
  throw Error(path + ":" + std::to_string(number) + ": " + message);
}

std::optional<std::string> JsonLine::word(const std::string& key) const {
  const auto it = value.find(key);
  if (it == value.end() || it->is_null()) return {};
  if (it->is_string()) return label_word(it->get_ref<const std::string&>());
  if (it->is_number_integer()) return json_text(*it);
  // Programs write 3.0 for an integer when others are missing.
  const auto number = it->is_number() ? it->get<double>() : 0.5;
  if (std::floor(number) != number || std::abs(number) > kLargestInteger)
    fail("\"" + key + "\" is no text and no integer");
  return std::to_string(static_cast<int64_t>(number));
}

bool JsonLine::is_in(const std::vector<std::string>& splits, const std::string& key) const {
  if (splits.empty()) return true;
  const auto it = value.find(key);
  return it != value.end() && it->is_string() && wants_split(splits, it->get<std::string>());
}

void each_json_line(const std::string& path, const std::string& example,
                    const std::function<void(const JsonLine&)>& visit) {
  for (const auto& line : text_lines(path)) {
    JsonLine out{path, line.number, {}};
    std::string reason;
    try {
      out.value = parsed(line.text);
      if (!out.value.is_object()) reason = "it is of the type " + std::string(out.value.type_name());
    } catch (const std::exception& error) {
      reason = reason_of(error.what());
    }
    if (const auto fault = encoding_fault(line.text, path, line.number); !fault.empty()) out.fail(fault);
    if (!reason.empty()) out.fail("expected an object, such as " + example + "; " + reason);
    visit(out);
  }
}

}  // namespace kindred
