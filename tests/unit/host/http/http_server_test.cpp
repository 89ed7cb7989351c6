#include "host/http/http_server.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "host/base/system_info.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A client that sends what it is told, byte by byte if need be.
class Client {
 public:
  explicit Client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    const timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { hang_up(); }

  bool is_connected() const { return is_connected_; }
  void send(const std::string& text) const { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  void hang_up() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  /// What comes until the server closes the connection.
  std::string rest() const {
    std::string text;
    char buffer[4096];
    for (;;) {
      const auto count = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (count < 0) ADD_FAILURE() << "the server did not close the connection in time";
      if (count <= 0) return text;
      text.append(buffer, static_cast<size_t>(count));
    }
  }
  /// One answer, whose length its header says.
  std::string answer() const {
    std::string text;
    char letter = 0;
    while (text.find("\r\n\r\n") == std::string::npos && ::recv(socket_, &letter, 1, 0) == 1) text += letter;
    const auto at = text.find("Content-Length: ");
    auto left = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
    while (left-- > 0 && ::recv(socket_, &letter, 1, 0) == 1) text += letter;
    return text;
  }

 private:
  int socket_;
  bool is_connected_ = false;
};

/// A server whose answer is what the request was; "/wait" waits until release().
class HttpServerTest : public ::testing::Test {
 protected:
  void start(const HttpLimits& limits = {}, int64_t threads = 2) {
    HttpOptions options;
    options.port = 0;
    options.threads = threads;
    options.limits = limits;
    options.outcome = [this](const HttpOutcome& outcome) {
      const std::lock_guard<std::mutex> one(mutex_);
      statuses_.push_back(outcome.status);
      changed_.notify_all();
    };
    server_ = std::make_unique<HttpServer>(
        options, [this](const RequestPtr& request, const Respond& respond) { answer(request, respond); });
    thread_ = std::thread([this] { server_->run(); });
  }

  void TearDown() override {
    release();
    if (!server_) return;
    server_->stop();
    thread_.join();
  }

  void answer(const RequestPtr& request, const Respond& respond) {
    if (request->path == "/throw") throw Error("it broke");
    if (request->path == "/forget") return;
    if (request->path == "/wait") {
      std::unique_lock<std::mutex> lock(mutex_);
      waiting_ = request;
      changed_.notify_all();
      changed_.wait(lock, [this] { return released_; });
    }
    HttpResponse response;
    response.type = "text/plain";
    response.body = request->method + " " + request->path + " " + request->body;
    respond(std::move(response));
    respond(std::move(response));  // what comes later is dropped
  }

  void release() {
    const std::lock_guard<std::mutex> one(mutex_);
    released_ = true;
    changed_.notify_all();
  }

  RequestPtr until_waiting() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return waiting_ != nullptr; });
    return waiting_;
  }

  std::vector<int> until_told(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return statuses_.size() >= count; });
    return statuses_;
  }

  std::string asked(const std::string& text) const {
    const Client client(server_->port());
    client.send(text);
    return client.answer();
  }

  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  RequestPtr waiting_;
  std::vector<int> statuses_;
};

const std::string kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(HttpServerTest, answers_several_requests_on_one_connection) {
  start();
  const Client client(server_->port());
  for (int i = 0; i < 3; ++i) {
    client.send(kGet);
    const auto answer = client.answer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK"));
    EXPECT_THAT(answer, HasSubstr("\r\n\r\nGET /a "));
  }
  client.send(kGet + "POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody" + kGet);
  EXPECT_THAT(client.answer(), HasSubstr("GET /a "));
  EXPECT_THAT(client.answer(), HasSubstr("POST /b body"));
  EXPECT_THAT(client.answer(), HasSubstr("GET /a "));
  client.send("GET /c HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.rest(), HasSubstr("GET /c "));
}

TEST_F(HttpServerTest, reads_bodies_in_chunks_and_after_100_continue) {
  start();
  EXPECT_THAT(asked("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
              HasSubstr("POST /a abcde"));
  const Client client(server_->port());
  client.send("POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 100"));
  client.send("ab");
  EXPECT_THAT(client.answer(), HasSubstr("POST /a ab"));
}

TEST_F(HttpServerTest, says_the_length_alone_to_head) {
  start();
  const Client client(server_->port());
  client.send("HEAD /a HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto answer = client.rest();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 7\r\n"));
  EXPECT_TRUE(answer.size() >= 4 && answer.substr(answer.size() - 4) == "\r\n\r\n") << answer;
}

TEST_F(HttpServerTest, refuses_what_is_too_large_before_it_is_read) {
  HttpLimits limits;
  limits.body_bytes = 1000;
  limits.header_bytes = 2000;
  start(limits);
  EXPECT_THAT(asked("POST /a HTTP/1.1\r\nContent-Length: 1001\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  std::string chunks;
  for (int i = 0; i < 20; ++i) chunks += "64\r\n" + std::string(100, 'x') + "\r\n";
  EXPECT_THAT(asked("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(asked("GET /a HTTP/1.1\r\nX: " + std::string(3000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(asked("POST /a HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'y')),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, refuses_what_is_no_http) {
  start();
  EXPECT_THAT(asked("hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(asked("GET elsewhere HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(asked("GET /?a=%zz HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(asked("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, gives_up_who_is_too_slow) {
  HttpLimits limits;
  limits.header_seconds = limits.body_seconds = limits.idle_seconds = 0.2;
  start(limits);
  const Client header(server_->port()), body(server_->port()), idle(server_->port());
  header.send("GET /a HT");
  body.send("POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(header.rest(), "");
  EXPECT_EQ(body.rest(), "");
  EXPECT_EQ(idle.rest(), "");
  // One that sends a byte now and then has no more time than others.
  const Client slow(server_->port());
  for (int i = 0; i < 8; ++i) {
    slow.send("G");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(slow.rest(), "");
}

TEST_F(HttpServerTest, takes_no_more_connections_than_it_may) {
  HttpLimits limits;
  limits.connections = 2;
  start(limits);
  auto first = std::make_unique<Client>(server_->port());
  first->send(kGet);
  first->answer();
  const Client second(server_->port());
  second.send(kGet);
  second.answer();
  const Client third(server_->port());
  EXPECT_THAT(third.answer(), StartsWith("HTTP/1.1 503"));
  first.reset();
  for (int i = 0; i < 200 && server_->connections() > 1; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_THAT(asked(kGet), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, asks_to_come_again_when_too_many_wait) {
  HttpLimits limits;
  limits.waiting = 1;
  start(limits, 1);
  const Client busy(server_->port()), next(server_->port());
  busy.send("GET /wait HTTP/1.1\r\n\r\n");
  ASSERT_NE(until_waiting(), nullptr);
  next.send(kGet);
  for (int i = 0; i < 200 && server_->waiting() == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const auto refused = asked(kGet);
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 429"));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 1"));
  release();
  EXPECT_THAT(busy.answer(), HasSubstr("GET /wait"));
  EXPECT_THAT(next.answer(), HasSubstr("GET /a"));
}

TEST_F(HttpServerTest, holds_no_more_bodies_than_memory_is_for) {
  HttpLimits limits;
  limits.bodies = 1500;
  start(limits, 1);
  const Client first(server_->port());
  first.send("POST /wait HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
  ASSERT_NE(until_waiting(), nullptr);
  const auto large = "POST /a HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x');
  EXPECT_THAT(asked(large), StartsWith("HTTP/1.1 503"));
  release();
  first.answer();
  {
    const std::lock_guard<std::mutex> one(mutex_);
    waiting_.reset();
  }
  std::string later;
  for (int i = 0; i < 200 && later.find("200 OK") == std::string::npos; ++i) later = asked(large);
  EXPECT_THAT(later, StartsWith("HTTP/1.1 200")) << "what a body took is given back";
}

TEST_F(HttpServerTest, notices_that_a_client_hangs_up) {
  start();
  Client client(server_->port());
  client.send("GET /wait HTTP/1.1\r\n\r\n");
  const auto request = until_waiting();
  ASSERT_NE(request, nullptr);
  EXPECT_FALSE(request->is_gone);
  client.hang_up();
  EXPECT_EQ(until_told(1), (std::vector<int>{0}));
  EXPECT_TRUE(request->is_gone);
}

TEST_F(HttpServerTest, survives_a_handler_that_throws_or_forgets) {
  start();
  EXPECT_THAT(asked("GET /throw HTTP/1.1\r\n\r\n"), HasSubstr("it broke"));
  const Client client(server_->port());
  client.send("GET /forget HTTP/1.1\r\n\r\n" + kGet);
  EXPECT_EQ(client.rest(), "");
}

TEST_F(HttpServerTest, ends_when_what_is_under_way_is_answered) {
  start();
  const Client idle(server_->port()), busy(server_->port());
  idle.send(kGet);
  idle.answer();
  busy.send("GET /wait HTTP/1.1\r\n\r\n");
  ASSERT_NE(until_waiting(), nullptr);
  server_->stop();
  EXPECT_EQ(idle.rest(), "");
  for (int i = 0; i < 2000 && server_->connections() > 1; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(server_->connections(), 1u);
  release();
  const auto last = busy.rest();
  EXPECT_THAT(last, HasSubstr("GET /wait"));
  EXPECT_THAT(last, HasSubstr("Connection: close"));
  thread_.join();
  EXPECT_FALSE(Client(server_->port()).is_connected());
  server_.reset();
}

TEST_F(HttpServerTest, names_an_address_that_it_cannot_have) {
  start();
  HttpOptions options;
  options.port = server_->port();
  try {
    const HttpServer second(options, {});
    FAIL() << "it listens";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("name another --port"));
  }
  options.address = "nowhere";
  EXPECT_THROW(HttpServer(options, {}), Error);
}

/// Both ends of a thousand connections are files of this process.
bool may_open_files(rlim_t count) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::max(files.rlim_cur, std::min(count, files.rlim_max));
  return ::setrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur >= count;
}

TEST_F(HttpServerTest, serves_others_beside_a_thousand_that_do_not_end_in_little_memory) {
  constexpr int kConnections = 1000;
  constexpr int64_t kBytesOfEach = 64 << 10;
  if (!may_open_files(2 * kConnections + 100)) GTEST_SKIP() << "this process may not open as many files";
  start();
  const auto before = resident_bytes();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kConnections; ++i) {
    clients.push_back(std::make_unique<Client>(server_->port()));
    ASSERT_TRUE(clients.back()->is_connected());
    // Some have said nothing, some half a header, some promise a body that does not come.
    if (i % 3 == 1) clients.back()->send("GET /a HTTP/1.1\r\nX-Long: " + std::string(4000, 'x'));
    if (i % 3 == 2)
      clients.back()->send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\nbegin");
  }
  EXPECT_THAT(asked(kGet), StartsWith("HTTP/1.1 200")) << "others are served beside them";
  EXPECT_LT(resident_bytes() - before, kConnections * kBytesOfEach);
}

}  // namespace
}  // namespace kindred::host
