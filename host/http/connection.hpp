#pragma once

#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>

#include "host/http/http_server.hpp"

namespace kindred::host {

/// Memory for the bodies of all requests of a server. [thread-safe]
class BodyRoom {
 public:
  explicit BodyRoom(size_t bytes) : left_(static_cast<int64_t>(bytes)) {}
  /// False where there is not so much left.
  bool take(size_t bytes) {
    if (left_.fetch_sub(static_cast<int64_t>(bytes)) >= static_cast<int64_t>(bytes)) return true;
    give(bytes);
    return false;
  }
  void give(size_t bytes) { left_.fetch_add(static_cast<int64_t>(bytes)); }

 private:
  std::atomic<int64_t> left_;
};

/// What one body takes of it, given back at its end. [one thread at a time]
class TakenRoom {
 public:
  explicit TakenRoom(std::shared_ptr<BodyRoom> room) : room_(std::move(room)) {}
  TakenRoom(const TakenRoom&) = delete;
  TakenRoom& operator=(const TakenRoom&) = delete;
  ~TakenRoom() { room_->give(bytes_); }
  bool grow(size_t bytes) {
    if (!room_->take(bytes)) return false;
    bytes_ += bytes;
    return true;
  }

 private:
  const std::shared_ptr<BodyRoom> room_;
  size_t bytes_ = 0;
};

/// What all connections of a server share.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual const HttpLimits& limits() const = 0;
  virtual bool is_draining() const = 0;
  /// Calls the handler on another thread; false where too many requests wait already.
  virtual bool dispatch(RequestPtr request, Respond respond) = 0;
  /// Counts the bytes of all bodies that are in memory.
  virtual std::shared_ptr<BodyRoom> body_room() const = 0;
  virtual void tell(const HttpOutcome& outcome) = 0;
};

/// One client: reads a request, has it answered, writes the answer, and begins again. It lives as long as
/// something is under way for it. [one thread: that of the server's connections]
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<ConnectionHost> host);
  ~Connection();

  void start() { await_request(); }
  /// Answers with 503 and closes.
  void refuse();
  /// Closes it where no request is under way, and else when it is answered.
  void drain();
  void close();

 private:
  using ErrorCode = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

  void await_request();
  void read_header();
  void begin_body();
  void read_body();
  void on_body(ErrorCode error);
  void dispatch();
  void watch();
  void answer(HttpResponse response);
  void written(ErrorCode error, size_t bytes);
  void linger();
  void on_failed_read(ErrorCode error);
  void reject(int status, const std::string& message);
  void expire_after(double seconds);
  void tell(int status, size_t bytes);

  boost::beast::tcp_stream stream_;
  const std::shared_ptr<ConnectionHost> host_;
  boost::beast::flat_buffer buffer_;
  std::array<char, 1 << 14> chunk_;
  std::optional<Parser> parser_;
  std::shared_ptr<HttpRequest> request_;
  std::shared_ptr<void> answer_;  ///< the message that is being written
  std::shared_ptr<TakenRoom> room_;
  size_t discarded_ = 0;
  int status_ = 0;
  bool is_head_ = false, is_idle_ = true, is_awaiting_ = false, keeps_alive_ = true, is_told_ = true;
  uint64_t number_ = 0;  ///< of the request; answers to earlier ones are dropped
};

}  // namespace kindred::host
