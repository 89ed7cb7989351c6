#include "mlflow_store.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <system_error>
#include <vector>

#include "appended_file.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

constexpr const char* kMeta = "meta.yaml";
constexpr const char* kTrash = ".trash";

/// As MLflow writes the place of a file: "file:///photos/a%20b".
std::string file_uri(const fs::path& path) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = "file://";
  for (const char one : path.string()) {
    const auto byte = static_cast<unsigned char>(one);
    if (std::isalnum(byte) != 0 || std::string_view("/-_.~").find(one) != std::string_view::npos) {
      out += one;
    } else {
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return out;
}

std::string user_name() {
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found);
  return found == nullptr ? "unknown" : found->pw_name;
}

/// 32 random digits, as those of a UUID.
std::string new_run_id() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;
  std::string id;
  while (id.size() < 32) {
    for (auto [bits, i] = std::pair(random(), 0); i < 8; ++i, bits >>= 4U) id += kDigits[bits & 15U];
  }
  return id;
}

/// A number of 18 digits, as MLflow's ids are, that follows from the name (FNV-1a): two processes that make
/// an experiment at the same time make the same one.
int64_t id_of_name(const std::string& name) {
  uint64_t hash = 14695981039346656037U;
  for (const char one : name) hash = (hash ^ static_cast<unsigned char>(one)) * 1099511628211U;
  constexpr uint64_t kLeast = 100'000'000'000'000'000U;
  return static_cast<int64_t>(kLeast + hash % (9 * kLeast));
}

MetaFile meta_of(const fs::path& folder) {
  const auto path = folder / kMeta;
  return fs::exists(path) ? MetaFile(read_file(path.string())) : MetaFile();
}

/// The folder of the experiment of this name, the one of the least id if MLflow made several; empty where
/// there is none.
fs::path found_in(const fs::path& folder, const std::string& name) {
  fs::path found;
  std::error_code none;
  for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
    const auto file = at->path().filename();
    if (file == kTrash || file == "models") continue;  // models are those of its registry
    const auto meta = meta_of(at->path());
    if (!meta.has("experiment_id") || meta.value("name") != name) continue;
    if (found.empty() || at->path() < found) found = at->path();
  }
  return found;
}

void make_experiment(const fs::path& folder, const std::string& name) {
  MetaFile meta;
  const auto now = std::to_string(mlflow_time());
  meta.set("artifact_location", yaml_quoted(file_uri(folder)));
  meta.set("creation_time", now);
  meta.set("experiment_id", yaml_quoted(folder.filename().string()));
  meta.set("last_update_time", now);
  meta.set("lifecycle_stage", "active");
  meta.set("name", yaml_quoted(name));
  fs::create_directories(folder);
  write_file_atomically((folder / kMeta).string(), meta.text());
}

/// Writes a small file in one piece unless it holds that already. It is not written beside its place, since
/// MLflow takes every file there for a value.
void write_value(const fs::path& path, const std::string& text) {
  if (fs::exists(path) && read_file(path.string()) == text) return;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw Error("cannot write " + path.string() + "; is the disk full?");
}

/// The shortest text that Python reads as the same number.
std::string metric_text(double value) {
  std::array<char, 32> text{};
  for (const int digits : {15, 16, 17}) {
    std::snprintf(text.data(), text.size(), "%.*g", digits, value);
    if (std::strtod(text.data(), nullptr) == value) break;
  }
  return text.data();
}

/// How many bytes of a metric's lines, "time value step", come before the first of a later step. A last line
/// without its end is one that a process died over.
size_t kept_bytes(const std::string& lines, int64_t step) {
  size_t at = 0;
  for (;;) {
    const auto end = lines.find('\n', at);
    if (end == std::string::npos) return at;
    const auto space = lines.rfind(' ', end);
    if (space != std::string::npos && std::strtoll(lines.c_str() + space, nullptr, 10) > step) return at;
    at = end + 1;
  }
}

}  // namespace

int64_t mlflow_time() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

MlflowStore::MlflowStore(fs::path folder) : folder_(std::move(folder)) {
  if (fs::exists(folder_)) {
    if (fs::is_directory(folder_)) return;
    throw Error(folder_.string() + " is a file; MLflow's store is a folder, so name another, such as mlruns");
  }
  fs::create_directories(folder_);
  make_experiment(folder_ / "0", "Default");
}

fs::path MlflowStore::experiment(const std::string& name) const {
  if (auto found = found_in(folder_, name); !found.empty()) return found;
  if (const auto deleted = found_in(folder_ / kTrash, name); !deleted.empty()) {
    throw Error("the experiment \"" + shown(name) + "\" was deleted in " + folder_.string() +
                "; restore it (mlflow experiments restore --experiment-id " + deleted.filename().string() +
                "), or choose another name by \"experiment\"");
  }
  // An id is taken where an experiment was renamed.
  for (auto id = id_of_name(name);; ++id) {
    const auto folder = folder_ / std::to_string(id);
    if (fs::exists(folder_ / kTrash / std::to_string(id))) continue;
    const auto there = meta_of(folder);
    if (there.has("name") && there.value("name") != name) continue;
    if (!there.has("name")) make_experiment(folder, name);
    return folder;
  }
}

MlflowRun MlflowRun::made_in(const fs::path& experiment) {
  MlflowRun run(experiment / new_run_id());
  for (const auto* part : {"metrics", "params", "tags", "artifacts"}) {
    fs::create_directories(run.folder_ / part);
  }
  return run;
}

bool MlflowRun::exists() const { return fs::exists(folder_ / kMeta); }

void MlflowRun::param(const std::string& key, const std::string& value) const {
  write_value(folder_ / "params" / key, value);
}

void MlflowRun::tag(const std::string& key, const std::string& value) const {
  write_value(folder_ / "tags" / key, value);
}

void MlflowRun::describe(const std::string& name) const {
  MetaFile meta;
  const auto id = yaml_quoted(folder_.filename().string());
  meta.set("artifact_uri", yaml_quoted(file_uri(folder_ / "artifacts")));
  meta.set("deleted_time", "null");
  meta.set("end_time", "null");
  meta.set("entry_point_name", "''");
  meta.set("experiment_id", yaml_quoted(folder_.parent_path().filename().string()));
  meta.set("lifecycle_stage", "active");
  meta.set("run_id", id);
  meta.set("run_name", yaml_quoted(name));
  meta.set("run_uuid", id);  // which versions before 3 ask for
  meta.set("source_name", "''");
  meta.set("source_type", "4");  // LOCAL
  meta.set("source_version", "''");
  meta.set("start_time", std::to_string(mlflow_time()));
  meta.set("status", std::to_string(static_cast<int>(MlflowStatus::running)));
  meta.set("tags", "[]");
  meta.set("user_id", yaml_quoted(user_name()));
  tag("mlflow.runName", name);
  tag("mlflow.source.name", "host run");
  tag("mlflow.source.type", "LOCAL");
  tag("mlflow.user", user_name());
  write_file_atomically((folder_ / kMeta).string(), meta.text());
}

void MlflowRun::metric(const std::string& key, double value, int64_t step) {
  const auto path = folder_ / "metrics" / key;
  if (metrics_.insert(key).second) fs::create_directories(path.parent_path());
  AppendedFile(path.string())
      .append(std::to_string(mlflow_time()) + " " + metric_text(value) + " " + std::to_string(step) + "\n");
}

void MlflowRun::forget_after(int64_t step) const {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "metrics")) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  for (const auto& file : files) {
    const auto lines = read_file(file.string());
    const auto kept = kept_bytes(lines, step);
    if (kept == 0) {
      fs::remove(file);  // MLflow cannot open a run with a metric without points
    } else if (kept < lines.size()) {
      fs::resize_file(file, kept);
    }
  }
}

void MlflowRun::artifact(const fs::path& file) const {
  fs::create_directories(folder_ / "artifacts");
  write_file_atomically((folder_ / "artifacts" / file.filename()).string(), read_file(file.string()));
}

void MlflowRun::set_status(MlflowStatus status) const {
  auto meta = meta_of(folder_);
  meta.set("status", std::to_string(static_cast<int>(status)));
  meta.set("end_time", status == MlflowStatus::running ? "null" : std::to_string(mlflow_time()));
  write_file_atomically((folder_ / kMeta).string(), meta.text());
}

}  // namespace kindred
