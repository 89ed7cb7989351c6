#include "host/http/http_server.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cerrno>
#include <chrono>
#include <map>
#include <vector>

#include "host/base/clock.hpp"
#include "host/http/connection.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

/// Lives as long as any connection or request does.
class HttpServer::State final : public ConnectionHost, public std::enable_shared_from_this<State> {
 public:
  State(const HttpOptions& options, HttpHandler handler)
      : options_(options),
        handler_(std::move(handler)),
        acceptor_(moving_),
        timer_(moving_),
        room_(std::make_shared<BodyRoom>(options.limits.bodies)),
        workers_(static_cast<size_t>(std::max<int64_t>(options.threads, 1))) {}

  void listen() {
    ErrorCode error;
    const auto address = asio::ip::make_address(options_.address, error);
    if (error)
      throw Error("\"" + options_.address + "\" is no address to listen on, such as 127.0.0.1 or ::");
    const tcp::endpoint end(address, options_.port);
    acceptor_.open(end.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(end, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      throw Error("cannot listen on " + options_.address + " port " + std::to_string(options_.port) + ": " +
                  error.message() + (error == asio::error::address_in_use ? "; name another --port" : ""));
    }
    port_ = acceptor_.local_endpoint().port();
  }

  void run() {
    accept();
    moving_.run();
    workers_.join();
  }

  void stop() {
    asio::post(moving_, [self = shared_from_this()] { self->begin_drain(); });
  }

  // What connections ask of it.
  const HttpLimits& limits() const override { return options_.limits; }
  bool is_draining() const override { return is_draining_; }
  std::shared_ptr<BodyRoom> body_room() const override { return room_; }
  void tell(const HttpOutcome& outcome) override {
    if (options_.outcome) options_.outcome(outcome);
  }
  bool dispatch(RequestPtr request, Respond respond) override {
    if (waiting_ >= options_.limits.waiting) return false;
    ++waiting_;
    asio::post(workers_,
               [self = shared_from_this(), request = std::move(request), respond = std::move(respond)] {
                 --self->waiting_;
                 if (request->is_gone) return;
                 self->handle(request, respond);
               });
    return true;
  }

  uint16_t port() const { return port_; }
  size_t open() const { return open_; }
  size_t waiting() const { return waiting_; }

 private:
  void handle(const RequestPtr& request, const Respond& respond) const {
    try {
      handler_(request, respond);
    } catch (const std::exception& error) {
      respond(error_response(500, error.what()));
    }
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](ErrorCode error, tcp::socket socket) {
      if (self->is_draining_) return;
      if (error == asio::error::no_descriptors || error == asio::error::no_memory)
        return self->accept_later();
      if (!error) self->take(std::move(socket));
      self->accept();
    });
  }

  /// All descriptors are in use: accepting at once would fail at once, again and again.
  void accept_later() {
    timer_.expires_after(std::chrono::milliseconds(100));
    timer_.async_wait([self = shared_from_this()](ErrorCode) {
      if (!self->is_draining_) self->accept();
    });
  }

  void take(tcp::socket socket) {
    // Whoever lets go of it last, it ends on the thread of all connections.
    ++open_;
    std::shared_ptr<Connection> connection(new Connection(std::move(socket), shared_from_this()),
                                           [self = shared_from_this()](Connection* one) {
                                             std::shared_ptr<Connection> last(one);
                                             asio::post(self->moving_, [self, last]() mutable {
                                               self->connections_.erase(last.get());
                                               last.reset();
                                               if (--self->open_ == 0 && self->is_draining_)
                                                 self->end_drain();
                                             });
                                           });
    connections_.emplace(connection.get(), connection);
    if (open_ > options_.limits.connections) {
      connection->refuse();
    } else {
      connection->start();
    }
  }

  std::vector<std::shared_ptr<Connection>> all_connections() const {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [place, weak] : connections_) {
      if (auto one = weak.lock()) all.push_back(std::move(one));
    }
    return all;
  }

  void begin_drain() {
    if (is_draining_) return;
    is_draining_ = true;
    ErrorCode ignored;
    acceptor_.close(ignored);
    for (const auto& one : all_connections()) one->drain();
    timer_.expires_after(std::chrono::milliseconds(static_cast<int64_t>(limits().drain_seconds * 1000)));
    timer_.async_wait([self = shared_from_this()](ErrorCode error) {
      if (error) return;
      for (const auto& one : self->all_connections()) one->close();
    });
    if (open_ == 0) end_drain();
  }

  void end_drain() {
    timer_.cancel();
    work_.reset();
  }

  const HttpOptions options_;
  const HttpHandler handler_;
  asio::io_context moving_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{moving_.get_executor()};
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  const std::shared_ptr<BodyRoom> room_;
  asio::thread_pool workers_;
  std::map<Connection*, std::weak_ptr<Connection>> connections_;
  std::atomic<size_t> open_ = 0, waiting_ = 0;
  std::atomic<bool> is_draining_ = false;
  uint16_t port_ = 0;
};

HttpServer::HttpServer(const HttpOptions& options, HttpHandler handler)
    : state_(std::make_shared<State>(options, std::move(handler))) {
  state_->listen();
}

HttpServer::~HttpServer() = default;

uint16_t HttpServer::port() const { return state_->port(); }
void HttpServer::run() { state_->run(); }
void HttpServer::stop() { state_->stop(); }
size_t HttpServer::connections() const { return state_->open(); }
size_t HttpServer::waiting() const { return state_->waiting(); }

}  // namespace kindred::host
