#include "host/http/http_message.hpp"

#include <boost/beast/http/status.hpp>
#include <nlohmann/json.hpp>

#include "kindred/io/json_text.hpp"

namespace kindred::host {

const std::string& HttpRequest::field(const std::string& name) const {
  static const std::string nothing;
  const auto found = fields.find(name);
  return found == fields.end() ? nothing : found->second;
}

std::string status_text(int status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  if (known == boost::beast::http::status::unknown) return "";
  return std::string(boost::beast::http::obsolete_reason(known));
}

HttpResponse error_response(int status, const std::string& message, const std::string& code) {
  const char* type = status == 401 || status == 403 ? "authentication_error"
                     : status == 429                ? "rate_limit_error"
                     : status >= 500                ? "server_error"
                                                    : "invalid_request_error";
  const nlohmann::json error = {{"message", message},
                                {"type", type},
                                {"param", nullptr},
                                {"code", code.empty() ? nlohmann::json() : nlohmann::json(code)}};
  HttpResponse response;
  response.status = status;
  response.body = json_text({{"error", error}});
  if (status == 429 || status == 503) response.fields.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace kindred::host
