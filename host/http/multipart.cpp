#include "host/http/multipart.hpp"

#include <algorithm>

#include "kindred/error.hpp"
#include "kindred/io/image_names.hpp"

namespace kindred::host {
namespace {

constexpr std::string_view kLine = "\r\n";
constexpr size_t kLongestBoundary = 70;  // RFC 2046, section 5.1.1

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The parameter `name` of a field such as `form-data; name="a"; filename="b.jpg"`; "" where it is not there.
std::string parameter_of(std::string_view field, const std::string& name) {
  for (auto at = field.find(';'); at != std::string_view::npos;) {
    field = field.substr(at + 1);
    const auto equals = field.find_first_of("=;");
    if (equals == std::string_view::npos || field[equals] == ';') {
      at = equals;
      continue;
    }
    const auto key = lower_case(std::string(trimmed(field.substr(0, equals))));
    field = field.substr(equals + 1);
    std::string value;
    if (!field.empty() && field.front() == '"') {
      size_t i = 1;
      for (; i < field.size() && field[i] != '"'; ++i) {
        if (field[i] == '\\' && i + 1 < field.size()) ++i;
        value += field[i];
      }
      field = field.substr(std::min(i, field.size()));
    } else {
      value = std::string(trimmed(field.substr(0, field.find(';'))));
    }
    if (key == name) return value;
    at = field.find(';');
  }
  return "";
}

FormPart part_of(std::string_view header, std::string_view content) {
  FormPart part;
  part.content = content;
  bool is_named = false;
  while (!header.empty()) {
    const auto end = header.find(kLine);
    const auto line = header.substr(0, end);
    header = end == std::string_view::npos ? std::string_view() : header.substr(end + kLine.size());
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto key = lower_case(std::string(trimmed(line.substr(0, colon))));
    const auto value = trimmed(line.substr(colon + 1));
    if (key == "content-disposition") {
      is_named = true;
      part.name = parameter_of(value, "name");
      part.file_name = parameter_of(value, "filename");
    } else if (key == "content-type") {
      part.content_type = lower_case(std::string(trimmed(value.substr(0, value.find(';')))));
    }
  }
  if (!is_named) throw Error("a part of the form has no Content-Disposition that names its field");
  return part;
}

}  // namespace

std::vector<FormPart> form_parts(const std::string& content_type, std::string_view body, size_t most) {
  const auto boundary = parameter_of(content_type, "boundary");
  if (boundary.empty() || boundary.size() > kLongestBoundary)
    throw Error("the Content-Type of the form has no boundary of 1 to 70 letters");
  const auto mark = "--" + boundary;
  // What stands before the first mark is for nobody; the mark begins a line.
  const auto next_mark = "\r\n" + mark;
  auto at = body.substr(0, mark.size()) == mark ? 0 : body.find(next_mark);
  if (at == std::string_view::npos) throw Error("the form has no part: its boundary is nowhere in the body");
  if (at > 0) at += kLine.size();
  std::vector<FormPart> parts;
  for (;;) {
    auto rest = body.substr(at + mark.size());
    if (rest.substr(0, 2) == "--") return parts;
    // Blanks may follow the mark on its line.
    const auto line_end = rest.find(kLine);
    if (line_end == std::string_view::npos || !trimmed(rest.substr(0, line_end)).empty())
      throw Error("the form is cut off, or a line that begins with its boundary goes on with something else");
    rest = rest.substr(line_end);
    const auto header_end = rest.find("\r\n\r\n");
    const auto part_end = rest.find(next_mark);
    if (part_end == std::string_view::npos || header_end == std::string_view::npos || header_end > part_end)
      throw Error("the form is cut off: a part does not end");
    if (parts.size() == most) throw Error("the form has more than " + std::to_string(most) + " parts");
    const auto begin = header_end + 2 * kLine.size();
    parts.push_back(
        part_of(header_end == 0 ? std::string_view() : rest.substr(kLine.size(), header_end - kLine.size()),
                begin > part_end ? std::string_view() : rest.substr(begin, part_end - begin)));
    at = static_cast<size_t>(rest.data() - body.data()) + part_end + kLine.size();
  }
}

}  // namespace kindred::host
