// Forms, base64, addresses and queries of requests, as a stranger may send them. The first byte says which.
// Beyond a crash it is a finding when a part lies outside the body, or what was decoded is not what encoding
// it gives back.
#include <cstdlib>
#include <string>

#include "fuzz_target.hpp"
#include "host/base/text_forms/base64.hpp"
#include "host/base/text_forms/percent_encoding.hpp"
#include "host/http/multipart.hpp"
#include "host/http/url.hpp"
#include "kindred/error.hpp"

namespace kindred::fuzz {
namespace {
using namespace kindred::host;

constexpr size_t kMostParts = 100;

bool reads_form(const std::string& text) {
  const auto end = text.find('\n');
  if (end == std::string::npos) return false;
  const auto type = text.substr(0, end), body = text.substr(end + 1);
  try {
    const auto parts = form_parts(type, body, kMostParts);
    if (parts.size() > kMostParts) std::abort();
    for (const auto& part : parts) {
      const auto* begin = part.content.data();
      const bool is_inside = part.content.empty() || (begin >= body.data() && begin + part.content.size() <=
                                                                                  body.data() + body.size());
      if (!is_inside) std::abort();
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool reads_base64(const std::string& text) {
  const auto bytes = base64_bytes(text);
  if (bytes && base64_bytes(base64_text(*bytes)) != *bytes) std::abort();
  return bytes.has_value();
}

bool reads_target(const std::string& text) {
  std::string path;
  std::map<std::string, std::string> query;
  if (!split_target(text, path, query)) return false;
  for (const auto& [name, value] : query) {
    if (percent_decoded(percent_encoded(value), true) != value) std::abort();
  }
  return true;
}

}  // namespace

KINDRED_FUZZ_TARGET(http_form) {
  if (size == 0) return false;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'f') return reads_form(text);
  return data[0] == 'b' ? reads_base64(text) : reads_target(text);
}

}  // namespace kindred::fuzz
