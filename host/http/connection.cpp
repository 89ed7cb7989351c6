#include "host/http/connection.hpp"

#include <sys/socket.h>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>

#include "host/base/clock.hpp"
#include "host/http/url.hpp"
#include "kindred/io/image_names.hpp"

namespace kindred::host {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace {

constexpr size_t kMostDiscarded = 1 << 20;  // of a body that nobody wants, before the connection is cut
constexpr double kLingerSeconds = 2;
constexpr const char* kServerName = "kindred";

std::string lower(beast::string_view text) { return lower_case(std::string(text)); }

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, std::shared_ptr<ConnectionHost> host)
    : stream_(std::move(socket)), host_(std::move(host)) {
  beast::error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
}

Connection::~Connection() { tell(0, 0); }

void Connection::expire_after(double seconds) {
  stream_.expires_after(std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000)));
}

/// Waits for the first byte, which may take longer than a header that has begun.
void Connection::await_request() {
  is_idle_ = true;
  parser_.reset();
  request_.reset();
  room_.reset();
  if (host_->is_draining()) return close();
  if (buffer_.size() > 0) return read_header();
  expire_after(host_->limits().idle_seconds);
  stream_.async_read_some(buffer_.prepare(chunk_.size()),
                          [self = shared_from_this()](ErrorCode error, size_t bytes) {
                            self->buffer_.commit(bytes);
                            if (error) return self->close();
                            self->read_header();
                          });
}

void Connection::read_header() {
  is_idle_ = false;
  is_told_ = false;
  keeps_alive_ = true;
  is_head_ = false;
  ++number_;
  request_ = std::make_shared<HttpRequest>();
  request_->begin = now_seconds();
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(host_->limits().header_bytes));
  parser_->body_limit(host_->limits().body_bytes);
  expire_after(host_->limits().header_seconds);
  http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](ErrorCode error, size_t) {
    if (error) return self->on_failed_read(error);
    self->begin_body();
  });
}

/// Takes over the header.
void Connection::begin_body() {
  const auto& message = parser_->get();
  keeps_alive_ = message.keep_alive();
  is_head_ = message.method() == http::verb::head;
  request_->method = is_head_ ? "GET" : std::string(message.method_string());
  for (const auto& field : message) request_->fields[lower(field.name_string())] = std::string(field.value());
  beast::error_code unknown;
  if (const auto end = stream_.socket().remote_endpoint(unknown); !unknown)
    request_->client = end.address().to_string();
  if (!split_target(std::string(message.target()), request_->path, request_->query))
    return reject(400, "the target of the request is no path, or its query is not encoded as one");
  room_ = std::make_shared<TakenRoom>(host_->body_room());
  request_->body_room = room_;
  expire_after(host_->limits().body_seconds);
  if (parser_->is_done()) return dispatch();
  if (lower(message[http::field::expect]) == "100-continue") {
    auto go_on = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
    http::async_write(stream_, *go_on, [self = shared_from_this(), go_on](ErrorCode error, size_t) {
      if (error) return self->close();
      self->read_body();
    });
    return;
  }
  read_body();
}

void Connection::read_body() {
  parser_->get().body().data = chunk_.data();
  parser_->get().body().size = chunk_.size();
  http::async_read_some(stream_, buffer_, *parser_,
                        [self = shared_from_this()](ErrorCode error, size_t) { self->on_body(error); });
}

void Connection::on_body(ErrorCode error) {
  if (error == http::error::need_buffer) error = {};
  if (error) return on_failed_read(error);
  const auto bytes = chunk_.size() - parser_->get().body().size;
  if (!room_->grow(bytes))
    return reject(503, "the server holds as many requests as its memory is for; try again in a moment");
  request_->body.append(chunk_.data(), bytes);
  if (parser_->is_done()) return dispatch();
  read_body();
}

void Connection::dispatch() {
  stream_.expires_never();
  is_awaiting_ = true;
  watch();
  // The answer may come from any thread, and after the client has gone. Where it never comes, the connection
  // is closed with the last copy of this.
  const auto respond = [self = shared_from_this(), number = number_](HttpResponse response) {
    asio::post(self->stream_.get_executor(), [self, number, response = std::move(response)]() mutable {
      if (self->is_awaiting_ && self->number_ == number) self->answer(std::move(response));
    });
  };
  if (!host_->dispatch(request_, respond))
    answer(error_response(429, "too many requests wait; try again in a moment"));
}

/// While the answer is made: notices that the client hangs up, so that nobody works for it any more. What
/// keeps the connection meanwhile is the function that takes the answer.
void Connection::watch() {
  stream_.socket().async_wait(
      asio::ip::tcp::socket::wait_read, [weak = weak_from_this(), number = number_](ErrorCode error) {
        const auto self = weak.lock();
        if (error || !self || !self->is_awaiting_ || self->number_ != number) return;
        char byte = 0;
        const auto count = ::recv(self->stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (count > 0) return;  // the next request comes already
        self->request_->is_gone = true;
        self->is_awaiting_ = false;
        self->close();
      });
}

void Connection::reject(int status, const std::string& message) {
  keeps_alive_ = false;
  answer(error_response(status, message));
}

void Connection::refuse() {
  is_told_ = false;
  is_idle_ = false;
  request_ = std::make_shared<HttpRequest>();
  request_->begin = now_seconds();
  reject(503, "the server has as many connections as it takes; try again in a moment");
}

void Connection::on_failed_read(ErrorCode error) {
  if (error == http::error::body_limit)
    return reject(413, "the body is larger than the " + std::to_string(host_->limits().body_bytes) +
                           " bytes that the server takes");
  if (error == http::error::header_limit)
    return reject(431, "the header is larger than the " + std::to_string(host_->limits().header_bytes) +
                           " bytes that the server takes");
  if (error == beast::error::timeout) return close();  // who is that slow does not wait for an answer
  if (error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message)
    return reject(400, "this is no request of HTTP/1.1: " + error.message());
  close();
}

void Connection::answer(HttpResponse response) {
  is_awaiting_ = false;
  status_ = response.status;
  if (host_->is_draining()) keeps_alive_ = false;
  auto message = std::make_shared<http::response<http::string_body>>();
  message->version(11);
  message->result(static_cast<unsigned>(response.status));
  message->set(http::field::server, kServerName);
  if (!response.type.empty()) message->set(http::field::content_type, response.type);
  message->set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.fields) message->set(name, value);
  message->keep_alive(keeps_alive_);
  const auto size = response.body.size();
  if (!is_head_) message->body() = std::move(response.body);
  message->content_length(size);
  answer_ = message;
  expire_after(host_->limits().answer_seconds);
  // A HEAD request gets the length of a body that does not come, which the serializer of a whole message
  // would not write.
  http::async_write(stream_, *message, [self = shared_from_this(), message](ErrorCode error, size_t bytes) {
    self->written(error, bytes);
  });
}

void Connection::written(ErrorCode error, size_t bytes) {
  answer_.reset();
  tell(status_, bytes);
  if (error) return close();
  if (!keeps_alive_) return linger();
  await_request();
}

/// Closing at once while bytes of the client are unread would take the answer from it.
void Connection::linger() {
  is_idle_ = true;
  ErrorCode ignored;
  if (discarded_ == 0) {
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    expire_after(kLingerSeconds);
  }
  stream_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](ErrorCode error, size_t bytes) {
    self->discarded_ += bytes;
    if (error || self->discarded_ > kMostDiscarded) return self->close();
    self->linger();
  });
}

void Connection::drain() {
  keeps_alive_ = false;
  if (is_idle_) close();
}

void Connection::close() {
  if (request_) request_->is_gone = true;
  ErrorCode ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
  tell(0, 0);
}

void Connection::tell(int status, size_t bytes) {
  if (is_told_) return;
  is_told_ = true;
  const bool is_read = request_ && !request_->method.empty();
  host_->tell({is_read ? request_ : nullptr, status, request_ ? now_seconds() - request_->begin : 0, bytes});
}

}  // namespace kindred::host
