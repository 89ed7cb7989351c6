#include "host/report/sample_object.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace kindred::host {
namespace {

constexpr size_t kLongestText = 160;  // bytes that are shown

}  // namespace

int64_t field_of_kind(const Dataset& dataset, ObjectKind kind) {
  const auto fields = dataset.fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].kind == kind) return static_cast<int64_t>(i);
  }
  return -1;
}

std::string class_title(const std::vector<std::string>& class_names, int64_t label) {
  const auto number = static_cast<size_t>(label);
  return number < class_names.size() ? class_names[number] : std::to_string(label);
}

std::string shown_text(const Dataset& dataset, SampleIndex sample, size_t field) {
  std::string text;
  try {
    const auto bytes = dataset.read_field(to_int(sample), field).contiguous();
    text.assign(reinterpret_cast<const char*>(bytes.data_ptr<uint8_t>()), static_cast<size_t>(bytes.numel()));
  } catch (const std::exception& error) {
    text = std::string("(cannot be read: ") + error.what() + ")";
  }
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  if (text.size() <= kLongestText) return text;
  size_t end = kLongestText;  // or before, where a character ends
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

}  // namespace kindred::host
