#include "host/cli/download.hpp"

#include "kindred/error.hpp"

#ifdef KINDRED_HAS_CURL

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr long kMostRedirections = 10, kPartial = 206, kRangeTooFar = 416, kFirstFailure = 400;
constexpr int kMostFruitlessTries = 2;

/// PATH.part, of which one process at a time is the owner.
class PartFile {
 public:
  explicit PartFile(std::string path)
      : path_(std::move(path)), file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (file_ < 0) fail("open");
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
      ::close(file_);
      throw Error(path_ + " is being written by another process; wait for it");
    }
  }
  ~PartFile() { ::close(file_); }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const std::string& path() const { return path_; }
  int64_t size() const {
    struct stat status {};
    if (::fstat(file_, &status) != 0) fail("examine");
    return status.st_size;
  }
  void clear() const {
    if (::ftruncate(file_, 0) != 0) fail("empty");
  }
  void append(const char* data, size_t count) const {
    if (::lseek(file_, 0, SEEK_END) < 0) fail("write");
    while (count > 0) {
      const auto written = ::write(file_, data, count);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail("write");
      data += written;
      count -= static_cast<size_t>(written);
    }
  }
  /// Makes it the whole file, also after a crash.
  void become(const std::string& path) const {
    if (::fsync(file_) != 0) fail("sync");
    fs::rename(path_, path);
    sync_folder(fs::path(path).parent_path().string());
  }

 private:
  [[noreturn]] void fail(const char* action) const {
    throw Error(fmt::format("cannot {} {}: {}", action, path_, std::strerror(errno)));
  }

  std::string path_;
  int file_;
};

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

/// One connection to the server.
class Attempt {
 public:
  Attempt(const Download& download, const PartFile& part, Context& context)
      : download_(download), part_(part), context_(context), curl_(curl_easy_init(), &curl_easy_cleanup) {
    if (!curl_) throw Error("libcurl cannot be used");
    set(CURLOPT_URL, download.url.c_str());
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, kMostRedirections);
    const bool secure = download.url.rfind("https:", 0) == 0;
#if LIBCURL_VERSION_NUM >= 0x075500
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
#else
    set(CURLOPT_PROTOCOLS, long{CURLPROTO_HTTP | CURLPROTO_HTTPS});
    set(CURLOPT_REDIR_PROTOCOLS, secure ? long{CURLPROTO_HTTPS} : long{CURLPROTO_HTTP | CURLPROTO_HTTPS});
#endif
    set(CURLOPT_CONNECTTIMEOUT, download.patience_seconds);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, download.patience_seconds);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "kindred");
    set(CURLOPT_WRITEFUNCTION, &Attempt::on_data);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_XFERINFOFUNCTION, &Attempt::on_progress);
    set(CURLOPT_XFERINFODATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
  }

  /// Takes up where the part ends. Returns "" or why it is not whole.
  std::string run() {
    first_ = part_.size();
    const auto range = std::to_string(first_) + "-";
    if (first_ > 0) set(CURLOPT_RANGE, range.c_str());
    const auto result = curl_easy_perform(curl_.get());
    if (failure_) std::rethrow_exception(failure_);
    if (context_.interrupted())
      throw Interrupted(
          fmt::format("{} bytes are kept in {}; the same command continues", part_.size(), part_.path()));
    if (status() >= kFirstFailure) return fmt::format("the server answers with status {}", status());
    if (result != CURLE_OK) return curl_easy_strerror(result);
    return "";
  }

  long status() const {
    long code = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(curl_.get(), option, value);
  }

  /// No exception may pass through libcurl.
  size_t take(const char* data, size_t count) {
    try {
      if (status() >= kFirstFailure) return count;  // a page that says what is wrong
      if (!began_ && status() != kPartial) {        // the server sends all of it from the beginning
        part_.clear();
        first_ = 0;
      }
      began_ = true;
      part_.append(data, count);
      return count;
    } catch (...) {
      failure_ = std::current_exception();
      return 0;
    }
  }

  int progress(curl_off_t total, curl_off_t now) {
    if (total > 0 && began_) {
      if (!progress_) progress_.emplace("downloading", "KiB", (first_ + total) / 1024, context_);
      progress_->update((first_ + now) / 1024);
    }
    return context_.interrupted() ? 1 : 0;
  }

  static size_t on_data(const char* data, size_t size, size_t count, void* self) {
    return static_cast<Attempt*>(self)->take(data, size * count);
  }
  static int on_progress(void* self, curl_off_t total, curl_off_t now, curl_off_t, curl_off_t) {
    return static_cast<Attempt*>(self)->progress(total, now);
  }

  const Download& download_;
  const PartFile& part_;
  Context& context_;
  Curl curl_;
  int64_t first_ = 0;
  bool began_ = false;
  std::exception_ptr failure_;
  std::optional<Progress> progress_;
};

/// Brings the rest of the file.
void complete(const Download& download, const PartFile& part, Context& context) {
  for (int fruitless = 0;;) {
    const auto before = part.size();
    Attempt attempt(download, part, context);
    const auto problem = attempt.run();
    if (problem.empty()) return;
    // The server has no byte beyond what came: it may be all.
    if (attempt.status() == kRangeTooFar && before > 0) return;
    fruitless = part.size() > before ? 0 : fruitless + 1;
    if (attempt.status() >= kFirstFailure || fruitless == kMostFruitlessTries) {
      if (part.size() == 0) fs::remove(part.path());
      throw Error(fmt::format("cannot fetch {}: {}{}; fetch it in another way and put it at {}", download.url,
                              problem,
                              part.size() > 0 ? fmt::format(" ({} bytes are kept in {}; the same command "
                                                            "continues)",
                                                            part.size(), part.path())
                                              : "",
                              download.path));
    }
    context.info(fmt::format("{} after {} bytes; trying again", problem, part.size()));
  }
}

}  // namespace

bool can_download() { return true; }

void fetch(const Download& download, Context& context) {
  static const auto initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) throw Error("libcurl cannot be used");
  fs::create_directories(fs::path(download.path).parent_path());
  const PartFile part(download.path + ".part");
  complete(download, part, context);
  const auto found = sha256_of(part.path());
  if (found.rfind(download.sha256, 0) != 0) {
    const auto size = part.size();
    fs::remove(part.path());
    throw Error(
        fmt::format("{} is not the file that was published: the {} bytes that came have the SHA-256 {}, "
                    "expected {}{}; they were removed. Try again, or fetch it in another way and put it "
                    "at {}",
                    download.url, size, found, download.sha256,
                    download.sha256.size() < found.size() ? "..." : "", download.path));
  }
  part.become(download.path);
}

std::string sha256_of(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) throw Error("cannot open " + path + ": " + std::strerror(errno));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1)
    throw Error("OpenSSL cannot compute SHA-256");
  std::vector<char> buffer(1 << 20);
  for (size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0;)
    EVP_DigestUpdate(context.get(), buffer.data(), count);
  if (std::ferror(file.get()) != 0) throw Error("cannot read " + path + ": " + std::strerror(errno));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context.get(), digest, &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace kindred::host

#else

namespace kindred::host {

bool can_download() { return false; }

void fetch(const Download& download, Context&) {
  throw Error("this build has no libcurl, so it fetches nothing; fetch " + download.url + " and put it at " +
              download.path);
}

std::string sha256_of(const std::string&) { return ""; }

}  // namespace kindred::host

#endif
