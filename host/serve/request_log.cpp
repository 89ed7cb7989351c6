#include "host/serve/request_log.hpp"

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "host/base/system_info.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {

RequestLog::RequestLog(const std::string& path) : file_(nullptr, &std::fclose) {
  if (path.empty()) return;
  file_.reset(std::fopen(path.c_str(), "ae"));
  if (!file_) throw Error("cannot write the request log " + path + ": " + std::strerror(errno));
}

void RequestLog::add(const HttpOutcome& outcome, const std::string& route) {
  if (!file_) return;
  nlohmann::json line = {{"time", utc_time_for_folder()},
                         {"route", route},
                         {"status", outcome.status},
                         {"ms", static_cast<int64_t>(outcome.seconds * 1000)},
                         {"bytes_out", outcome.answer_bytes}};
  if (outcome.request) {
    line["client"] = outcome.request->client;
    line["method"] = outcome.request->method;
    line["bytes_in"] = outcome.request->body.size();
  }
  const auto text = json_text(line) + "\n";
  const std::lock_guard<std::mutex> one(mutex_);
  std::fwrite(text.data(), 1, text.size(), file_.get());
  std::fflush(file_.get());
}

}  // namespace kindred::host
