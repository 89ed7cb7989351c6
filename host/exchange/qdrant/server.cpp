#include "host/exchange/qdrant/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "host/base/interrupt.hpp"
#include "host/base/loopback.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr int kMostTries = 4;
constexpr double kFirstPause = 0.5, kLongestPause = 30;  // seconds
constexpr int64_t kGood = 200, kRedirection = 300, kFailure = 400, kNoKey = 401, kForbidden = 403,
                  kNotThere = 404, kTooMany = 429, kServerFailure = 500;

std::string api_key() {
  const char* key = std::getenv("QDRANT_API_KEY");
  return key == nullptr ? "" : key;
}

/// The address without what is behind it. A name and password in it would be shown, and Qdrant knows none.
std::string checked_url(std::string url) {
  const bool is_http = url.rfind("http://", 0) == 0 || url.rfind("https://", 0) == 0;
  if (!is_http || url.find_first_of("@?# \t\r\n") != std::string::npos) {
    throw Error(
        "what is given as the place is no address of a Qdrant server; write http://host:6333 or "
        "https://host:6333, "
        "and put its key, if it has one, into the environment variable QDRANT_API_KEY");
  }
  while (url.back() == '/') url.pop_back();
  return url;
}

std::vector<std::string> key_header(const std::string& key) {
  if (key.find_first_of("\r\n") != std::string::npos) throw Error("QDRANT_API_KEY has more than one line");
  return key.empty() ? std::vector<std::string>{} : std::vector<std::string>{"api-key: " + key};
}

/// Says whether others can read along who stand between here and the server.
bool is_open(const std::string& url) {
  constexpr std::string_view kPlain = "http://";
  if (url.rfind(kPlain, 0) != 0) return false;
  const auto authority = url.substr(kPlain.size(), url.find('/', kPlain.size()) - kPlain.size());
  const auto host = authority[0] == '[' ? authority.substr(0, authority.find(']') + 1)
                                        : authority.substr(0, authority.find(':'));
  return !is_loopback(host);
}

/// What the server says is wrong, of {"status": {"error": "..."}}.
std::string explanation(const std::string& body) {
  constexpr size_t kMost = 300;
  const auto answer = parse_json(body);
  if (answer.is_object() && answer.contains("status") && answer["status"].is_object() &&
      answer["status"].contains("error") && answer["status"]["error"].is_string())
    return shown(answer["status"]["error"].get<std::string>().substr(0, kMost));
  return shown(body.substr(0, kMost));
}

bool may_pass(const HttpReply& reply, bool was_reached) {
  if (reply.is_too_large) return false;
  if (reply.status == 0) return was_reached || !reply.is_refused;
  return reply.status == kTooMany || reply.status >= kServerFailure;
}

}  // namespace

QdrantServer::QdrantServer(const std::string& url, const std::string& collection, int64_t timeout_seconds,
                           Context& context)
    : server_(checked_url(url)),
      collection_(server_ + "/collections/" + url_part(collection)),
      title_(fmt::format("the collection {} of {}", shown(collection), shown(server_))),
      has_key_(!api_key().empty()),
      context_(context),
      http_(key_header(api_key()), timeout_seconds, context) {
  if (collection.empty()) throw Error("--name is empty; it is the name of the collection");
  if (has_key_ && is_open(server_))
    context_.warning("QDRANT_API_KEY goes to " + server_ +
                     " without encryption; take https where others can read along");
}

void QdrantServer::pause(double seconds) const {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end) {
    if (context_.interrupted()) throw Interrupted("while waiting for " + server_);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

HttpReply QdrantServer::send(const std::string& method, const std::string& path, const std::string& body) {
  double wait = kFirstPause;
  for (int tries = 1;; ++tries, wait *= 2) {
    auto reply = http_.send(method, collection_ + path, body);
    const bool may_be_over = may_pass(reply, was_reached_);
    was_reached_ = was_reached_ || reply.status != 0;
    if (!may_be_over || tries == kMostTries) return reply;
    const auto seconds = std::min(std::max(wait, static_cast<double>(reply.retry_after)), kLongestPause);
    context_.info(fmt::format("{} {}; trying again in {} s", server_,
                              reply.status == 0 ? "does not answer as it should (" + reply.failure + ")"
                                                : fmt::format("answers with status {}", reply.status),
                              seconds));
    pause(seconds);
  }
}

void QdrantServer::fail(const HttpReply& reply) const {
  if (reply.status == 0) {
    throw Error(fmt::format("cannot reach {}: {}; check address, port and that Qdrant runs there", server_,
                            reply.is_too_large
                                ? fmt::format("its answer is larger than {} bytes", kLargestReply)
                                : reply.failure));
  }
  if (reply.status == kNoKey || reply.status == kForbidden) {
    throw Error(fmt::format("{} does not allow it (status {}: {}); {}", server_, reply.status,
                            explanation(reply.body),
                            has_key_ ? "the key in QDRANT_API_KEY is another, or may only read"
                                     : "put its key into the environment variable QDRANT_API_KEY"));
  }
  if (reply.status >= kRedirection && reply.status < kFailure) {
    throw Error(fmt::format(
        "{} sends elsewhere (status {}), which is not followed; name the address that it leads to", server_,
        reply.status));
  }
  if (reply.status == kNotThere) {
    throw Error(
        fmt::format("{} is not there (status 404: {}); is it a Qdrant server, and --name the collection?",
                    title_, explanation(reply.body)));
  }
  throw Error(fmt::format("the server answers for {} with status {}: {}", title_, reply.status,
                          explanation(reply.body)));
}

json QdrantServer::result_of(const HttpReply& reply) const {
  if (reply.status < kGood || reply.status >= kRedirection) fail(reply);
  auto answer = parse_json(reply.body);
  if (!answer.is_object() || !answer.contains("result"))
    throw Error(
        fmt::format("{} does not answer as Qdrant does: {}", server_, shown(reply.body.substr(0, 80))));
  return std::move(answer["result"]);
}

std::optional<json> QdrantServer::find() {
  const auto reply = send("GET", "", "");
  if (reply.status == kNotThere) return std::nullopt;
  return result_of(reply);
}

json QdrantServer::call(const std::string& method, const std::string& path, const std::string& body) {
  return result_of(send(method, path, body));
}

std::optional<json> QdrantServer::call_bounded(const std::string& method, const std::string& path,
                                               const std::string& body) {
  const auto reply = send(method, path, body);
  if (reply.is_too_large) return std::nullopt;
  return result_of(reply);
}

}  // namespace kindred::host
