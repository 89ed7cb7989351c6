#include "host/report/finished_run.hpp"

#include <filesystem>

#include "host/base/file_lock.hpp"
#include "host/report/query_table.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr const char* kPipeline = "pipeline.json";
constexpr const char* kResult = "result.json";
constexpr const char* kHistory = "history.jsonl";

std::string file_of(const std::string& folder, const char* name) {
  return (fs::path(folder) / name).string();
}

json object_of(const std::string& path) {
  auto value = parse_json(read_file(path));
  if (!value.is_object())
    throw Error(path + " is no JSON object, so that it is not what a run writes; was it changed or cut off?");
  return value;
}

std::vector<json> lines_of(const std::string& path) {
  std::vector<json> lines;
  if (!fs::exists(path)) return lines;
  const auto text = read_file(path);
  size_t number = 1;
  for (size_t begin = 0, end = 0; begin < text.size(); begin = end + 1, ++number) {
    end = text.find('\n', begin);
    if (end == std::string::npos) break;  // the process was stopped while it wrote, or writes now
    auto line = parse_json(text.substr(begin, end - begin));
    if (!line.is_object()) {
      throw Error(path + ", line " + std::to_string(number) +
                  " is no JSON object; a run writes one for every epoch. Remove the line if it was damaged");
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

[[noreturn]] void fail_as_no_run(const std::string& path) {
  if (!fs::exists(path)) throw Error("there is no run " + path + ": the folder does not exist");
  if (fs::exists(file_of(path, kSeriesResults))) {
    throw Error(path + " holds a series of runs; name one of its runs, which `host runs " + path + "` lists");
  }
  throw Error(
      path +
      " holds no run: a run leaves pipeline.json and log.txt in its folder. Name such a folder; `host "
      "runs` lists them");
}

}  // namespace

json part_of(const json& document, const char* pointer) {
  return document.is_object() ? document.value(json::json_pointer(pointer), json()) : json();
}

std::string text_of(const json& document, const char* pointer) {
  const auto part = part_of(document, pointer);
  return part.is_string() ? part.get<std::string>() : std::string();
}

bool is_run_folder(const std::string& path) {
  if (!fs::is_regular_file(file_of(path, kPipeline))) return false;
  return fs::is_regular_file(file_of(path, kRunLog)) || fs::is_regular_file(file_of(path, kResult));
}

FinishedRun read_run(const std::string& path) {
  std::error_code unreadable;
  if (!fs::is_directory(path, unreadable) || !is_run_folder(path)) fail_as_no_run(path);
  FinishedRun run;
  run.path = path;
  run.pipeline = object_of(file_of(path, kPipeline));
  run.name = text_of(run.pipeline, "/name");
  // The lock is asked first: a run that ends in between has its result then.
  const bool is_written = FileLock::is_held(file_of(path, kRunLog));
  const auto result = file_of(path, kResult);
  run.result = fs::exists(result) ? object_of(result) : json::object();
  const auto status = text_of(run.result, "/status");
  run.status = is_written ? "running" : status.empty() ? "unknown" : status;
  run.history = lines_of(file_of(path, kHistory));
  run.has_queries = fs::exists(file_of(path, kQueryFile));
  return run;
}

}  // namespace kindred::host
