#include "host/report/pipeline_difference.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr const char* kVendor = "kindred.";
constexpr size_t kShownEnd = 18;  // bytes of each end of a long text

using Values = std::vector<const json*>;  ///< of each pipeline at one place; null where there is none

bool all_equal(const Values& values) {
  return std::all_of(values.begin(), values.end(), [&](const json* one) {
    return one == values.front() || (one != nullptr && values.front() != nullptr && *one == *values.front());
  });
}

/// A long text, which is UTF-8, loses its middle: of a path both ends tell something.
std::string without_middle(const std::string& text) {
  if (text.size() <= 2 * kShownEnd + 3) return text;
  const auto is_inside = [&](size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U; };
  size_t begin = kShownEnd, end = text.size() - kShownEnd;
  while (is_inside(begin)) --begin;
  while (is_inside(end)) ++end;
  return text.substr(0, begin) + "..." + text.substr(end);
}

template <class Test>
bool all_are(const Values& values, Test&& test) {
  return std::all_of(values.begin(), values.end(),
                     [&](const json* one) { return one != nullptr && test(*one); });
}

class Differences {
 public:
  explicit Differences(std::set<std::string> left_out) : left_out_(std::move(left_out)) {}

  void collect(const std::string& pointer, const Values& values) {
    if (all_equal(values) || left_out_.count(pointer) > 0) return;
    if (all_are(values, [](const json& one) { return one.is_object(); }) && !have_other_types(values))
      return collect_keys(pointer, values);
    if (all_are(values, [](const json& one) { return one.is_array(); }))
      return collect_places(pointer, values);
    PipelineDifference found{pointer, {}};
    for (const auto* one : values)
      found.values.push_back(one == nullptr ? std::nullopt : std::optional(*one));
    found_.push_back(std::move(found));
  }

  std::vector<PipelineDifference> take() { return std::move(found_); }

 private:
  static bool have_other_types(const Values& values) {
    const auto type = [](const json& one) { return one.value("type", json()); };
    return std::any_of(values.begin(), values.end(),
                       [&](const json* one) { return type(*one) != type(*values.front()); });
  }

  void collect_keys(const std::string& pointer, const Values& values) {
    std::set<std::string> keys;
    for (const auto* one : values) {
      for (const auto& [key, value] : one->items()) keys.insert(key);
    }
    for (const auto& key : keys) {
      Values below;
      for (const auto* one : values) below.push_back(one->contains(key) ? &(*one)[key] : nullptr);
      collect(pointer + (json::json_pointer() / key).to_string(), below);
    }
  }

  void collect_places(const std::string& pointer, const Values& values) {
    size_t longest = 0;
    for (const auto* one : values) longest = std::max(longest, one->size());
    for (size_t i = 0; i < longest; ++i) {
      Values below;
      for (const auto* one : values) below.push_back(i < one->size() ? &(*one)[i] : nullptr);
      collect(pointer + "/" + std::to_string(i), below);
    }
  }

  std::set<std::string> left_out_;
  std::vector<PipelineDifference> found_;
};

}  // namespace

std::vector<PipelineDifference> pipeline_differences(const std::vector<const json*>& pipelines,
                                                     const std::vector<std::string>& left_out) {
  std::set<std::string> keys(left_out.begin(), left_out.end());
  keys.insert({"/output/directory", "/cache/directory"});
  Differences all(std::move(keys));
  all.collect("", pipelines);
  return all.take();
}

std::string difference_text(const std::optional<json>& value) {
  if (!value) return "none";
  const bool is_component = value->is_object() && value->value("type", json()).is_string();
  const auto& told = is_component ? (*value)["type"] : *value;
  auto text = told.is_string() ? told.get<std::string>() : json_text(told);
  if (text.rfind(kVendor, 0) == 0) text.erase(0, std::string(kVendor).size());
  return without_middle(shown(text));
}

}  // namespace kindred::host
