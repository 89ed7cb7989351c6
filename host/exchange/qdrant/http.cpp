#include "host/exchange/qdrant/http.hpp"

#include "host/base/text_forms/percent_encoding.hpp"
#include "kindred/error.hpp"

#ifdef KINDRED_HAS_CURL
#include <curl/curl.h>

#include <algorithm>

#include "host/base/interrupt.hpp"
#endif

namespace kindred::host {

std::string url_part(const std::string& text) {
  if (text == ".") return "%2E";
  if (text == "..") return "%2E%2E";
  return percent_encoded(text);
}

#ifdef KINDRED_HAS_CURL

std::string http_missing() { return ""; }

namespace {

CURL* new_curl() {
  static const auto initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto* curl = initialised == CURLE_OK ? curl_easy_init() : nullptr;
  if (curl == nullptr) throw Error("libcurl cannot be used");
  return curl;
}

}  // namespace

class HttpConnection::Handle {
 public:
  Handle(std::vector<std::string> headers, int64_t timeout_seconds, Context& context)
      : context_(context), curl_(new_curl(), &curl_easy_cleanup), headers_(nullptr, &curl_slist_free_all) {
    headers.insert(headers.end(), {"Content-Type: application/json", "Accept: application/json", "Expect:"});
    for (const auto& header : headers) {
      auto* longer = curl_slist_append(headers_.get(), header.c_str());
      if (longer == nullptr) throw Error("libcurl cannot be used");
      static_cast<void>(headers_.release());
      headers_.reset(longer);
    }
    constexpr int64_t kConnectSeconds = 10;
    set(CURLOPT_HTTPHEADER, headers_.get());
#if LIBCURL_VERSION_NUM >= 0x075500
    set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    set(CURLOPT_PROTOCOLS, long{CURLPROTO_HTTP | CURLPROTO_HTTPS});
#endif
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(std::min(timeout_seconds, kConnectSeconds)));
    set(CURLOPT_TIMEOUT, static_cast<long>(timeout_seconds));
    set(CURLOPT_PATH_AS_IS, 1L);
    // Without CURLOPT_NOSIGNAL libcurl ignores SIGPIPE meanwhile, which OpenSSL raises where a server goes
    // away.
    set(CURLOPT_USERAGENT, "kindred");
    set(CURLOPT_WRITEFUNCTION, &Handle::on_data);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_XFERINFOFUNCTION, &Handle::on_progress);
    set(CURLOPT_XFERINFODATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
  }

  HttpReply send(const std::string& method, const std::string& url, const std::string& body) {
    reply_ = {};
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_HTTPGET, 1L);
    if (!body.empty()) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, body.data());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    }
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
    const auto result = curl_easy_perform(curl_.get());
    if (context_.interrupted()) throw Interrupted("while " + method + " " + url + " was under way");
    if (result == CURLE_OK) {
      long status = 0;
      curl_off_t seconds = 0;
      curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
      curl_easy_getinfo(curl_.get(), CURLINFO_RETRY_AFTER, &seconds);
      reply_.status = status;
      reply_.retry_after = seconds;
    } else {
      reply_.failure = curl_easy_strerror(result);
      reply_.is_refused = result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST ||
                          result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE;
    }
    return std::move(reply_);
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(curl_.get(), option, value);
  }

  static size_t on_data(const char* data, size_t size, size_t count, void* self) {
    auto& reply = static_cast<Handle*>(self)->reply_;
    const auto bytes = size * count;
    reply.is_too_large = reply.body.size() + bytes > kLargestReply;
    if (reply.is_too_large) return 0;
    try {
      reply.body.append(data, bytes);  // no exception may pass through libcurl
    } catch (const std::exception&) {
      return 0;
    }
    return bytes;
  }
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Handle*>(self)->context_.interrupted() ? 1 : 0;
  }

  Context& context_;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_;
  HttpReply reply_;
};

HttpConnection::HttpConnection(std::vector<std::string> headers, int64_t timeout_seconds, Context& context)
    : handle_(std::make_unique<Handle>(std::move(headers), timeout_seconds, context)) {}

HttpReply HttpConnection::send(const std::string& method, const std::string& url, const std::string& body) {
  return handle_->send(method, url, body);
}

#else

std::string http_missing() {
  return "this build has no HTTP, since libcurl was not found; install libcurl4-openssl-dev and build "
         "Kindred "
         "again";
}

class HttpConnection::Handle {};

HttpConnection::HttpConnection(std::vector<std::string>, int64_t, Context&) { throw Error(http_missing()); }

HttpReply HttpConnection::send(const std::string&, const std::string&, const std::string&) {
  throw Error(http_missing());
}

#endif

HttpConnection::~HttpConnection() = default;

}  // namespace kindred::host
