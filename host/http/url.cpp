#include "host/http/url.hpp"

#include "host/base/text_forms/percent_encoding.hpp"

namespace kindred::host {

bool split_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query) {
  if (target.empty() || target.front() != '/') return false;
  const auto mark = target.find('?');
  path = std::string(target.substr(0, mark));
  if (mark == std::string_view::npos) return true;
  for (auto rest = target.substr(mark + 1); !rest.empty();) {
    const auto end = rest.find('&');
    const auto part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto name = percent_decoded(part.substr(0, equals), true);
    const auto value = percent_decoded(equals == std::string_view::npos ? "" : part.substr(equals + 1), true);
    if (!name || !value) return false;
    query[*name] = *value;
  }
  return true;
}

}  // namespace kindred::host
