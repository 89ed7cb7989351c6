#include "host/run/equal_samples.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <unordered_map>
#include <utility>

#include "host/base/content_hash.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/processors.hpp"
#include "host/base/progress.hpp"
#include "host/cache/kept_list.hpp"
#include "host/encoding/fingerprint.hpp"
#include "host/loader/plugin_error.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr int64_t kMiddle = 4096;
constexpr int64_t kSamplesAtATime = 1024;  // between two looks at whether to stop
constexpr int kLayout = 1;                 // of the file that keeps groups

/// Closes a file when it goes.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw Error("cannot open " + path);
  }
  ~OpenFile() { ::close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// The hash of so many bytes in the middle of a stored object.
std::string hash_of_middle(const StoredObject& object, int64_t bytes) {
  const OpenFile file(object.file);
  const auto count = std::min(bytes, object.bytes);
  ContentHash hash;
  hash.add_file(file.descriptor(), object.offset + (object.bytes - count) / 2, count, object.file);
  return hash.hex();
}

class Finder {
 public:
  Finder(const Dataset& dataset, const EqualSearch& search, Context& context)
      : dataset_(dataset), search_(search), context_(context), fields_(dataset.fields()) {}

  /// Returns false where pictures would have to be decoded and that is not asked for.
  bool find(std::vector<EqualSamples>& groups) {
    if (dataset_.size() == 0) return true;
    if (!search_.read_pictures && !says_where_pictures_lie()) return false;
    keys_.resize(static_cast<size_t>(dataset_.size()));
    stored_.resize(keys_.size() * fields_.size());
    std::vector<SampleIndex> all;
    for (int64_t i = 0; i < dataset_.size(); ++i) all.push_back(SampleIndex{i});
    each(all, [&](SampleIndex sample) { add_what_costs_little(sample); });
    auto candidates = equal_so_far(all);
    for (const auto bytes : {kMiddle, std::numeric_limits<int64_t>::max()}) {
      if (!candidates.empty()) files_were_read_ = files_were_read_ || has_files_;
      each(candidates, [&](SampleIndex sample) { add_files(sample, bytes); });
      candidates = equal_so_far(candidates);
    }
    groups = std::move(groups_);
    return true;
  }

  bool files_were_read() const { return files_were_read_; }

 private:
  bool says_where_pictures_lie() const {
    for (size_t field = 0; field < fields_.size(); ++field) {
      if (fields_[field].kind == ObjectKind::image && !dataset_.stored(0, field).known()) return false;
    }
    return true;
  }

  /// Calls `work` for each sample, with several threads. What a sample throws makes it equal to none.
  void each(const std::vector<SampleIndex>& samples, const std::function<void(SampleIndex)>& work) {
    const auto count = static_cast<int64_t>(samples.size());
    Progress progress("comparing", "samples", count, context_);
    const auto processors = usable_processors();
    const auto threads = search_.threads > 0 ? search_.threads : processors;
    for (int64_t begin = 0; begin < count; begin += kSamplesAtATime) {
      if (context_.interrupted()) throw Interrupted("while equal samples were looked for");
      const auto end = std::min(count, begin + kSamplesAtATime);
      std::atomic<int64_t> next{begin};
      std::exception_ptr broken;
      std::mutex mutex;
      const auto loop = [&] {
        for (int64_t i = next++; i < end; i = next++) {
          const auto sample = samples[static_cast<size_t>(i)];
          try {
            work(sample);
          } catch (const PluginError&) {  // a contract was broken
            const std::lock_guard<std::mutex> lock(mutex);
            broken = std::current_exception();
          } catch (...) {  // it cannot be read, which is said where it is needed
            keys_[static_cast<size_t>(sample)].clear();
          }
        }
      };
      std::vector<std::thread> workers;
      for (int64_t i = 1; i < std::min(threads, end - begin); ++i) workers.emplace_back(loop);
      loop();
      for (auto& one : workers) one.join();
      if (broken) std::rethrow_exception(broken);
      progress.update(end);
    }
    progress.finish();
  }

  /// The sizes of files; of what lies in memory a hash.
  void add_what_costs_little(SampleIndex sample) {
    Fingerprint key;
    for (size_t field = 0; field < fields_.size(); ++field) {
      auto& stored = stored_[static_cast<size_t>(sample) * fields_.size() + field];
      stored = dataset_.stored(to_int(sample), field);
      if (!stored.known()) {
        const auto object = dataset_.read_field(to_int(sample), field).contiguous();
        key.add(std::vector<NamedTensor>{{"", object}});
        continue;
      }
      if (!stored.file.empty() && stored.bytes < 0) {
        struct stat status {};
        if (::stat(stored.file.c_str(), &status) != 0) throw Error("cannot examine " + stored.file);
        stored.bytes = std::max<int64_t>(0, static_cast<int64_t>(status.st_size) - stored.offset);
      }
      key.add(stored.part);
      key.add(stored.file.empty() ? "" : std::to_string(stored.bytes));
      if (!stored.file.empty()) has_files_ = true;
    }
    keys_[static_cast<size_t>(sample)] = key.hex();
  }

  void add_files(SampleIndex sample, int64_t bytes) {
    Fingerprint key;
    key.add(keys_[static_cast<size_t>(sample)]);
    for (size_t field = 0; field < fields_.size(); ++field) {
      const auto& stored = stored_[static_cast<size_t>(sample) * fields_.size() + field];
      if (!stored.file.empty()) key.add(hash_of_middle(stored, bytes));
    }
    keys_[static_cast<size_t>(sample)] = key.hex();
  }

  /// Notes the groups of those of `samples` whose keys are equal, and returns their members, ascending.
  std::vector<SampleIndex> equal_so_far(const std::vector<SampleIndex>& samples) {
    std::unordered_map<std::string, EqualSamples> by_key;
    for (const auto sample : samples) {
      const auto& key = keys_[static_cast<size_t>(sample)];
      if (!key.empty()) by_key[key].push_back(sample);
    }
    groups_.clear();
    for (auto& [key, group] : by_key) {
      if (group.size() > 1) groups_.push_back(std::move(group));
    }
    std::sort(groups_.begin(), groups_.end());
    std::vector<SampleIndex> members;
    for (const auto& group : groups_) members.insert(members.end(), group.begin(), group.end());
    std::sort(members.begin(), members.end());
    return members;
  }

  const Dataset& dataset_;
  const EqualSearch& search_;
  Context& context_;
  const std::vector<Field> fields_;
  std::vector<std::string> keys_;     // by sample; "": it is equal to none
  std::vector<StoredObject> stored_;  // by sample and field
  std::vector<EqualSamples> groups_;
  std::atomic<bool> has_files_{false};
  bool files_were_read_ = false;
};

/// The file that keeps what was found in a dataset.
std::string kept_path(const Dataset& dataset, const std::string& folder) {
  Fingerprint key;
  key.add(dataset.fingerprint());
  key.add(std::to_string(dataset.size()));
  return (fs::path(folder) / kept_list_name(key.hex())).string();
}

/// Groups as they were kept; nothing where there is no such file, or where it says anything else.
std::optional<std::vector<EqualSamples>> kept_groups(const std::string& path, int64_t samples) {
  if (!fs::exists(path)) return {};
  const auto kept = json::parse(read_file(path), nullptr, false);
  if (!kept.is_object() || kept.value("layout", 0) != kLayout || !kept.value("groups", json()).is_array()) {
    return {};
  }
  std::vector<EqualSamples> groups;
  for (const auto& list : kept["groups"]) {
    EqualSamples group;
    if (!list.is_array() || list.size() < 2) return {};
    for (const auto& one : list) {
      if (!one.is_number_unsigned() || one.get<int64_t>() >= samples) return {};
      group.push_back(SampleIndex{one.get<int64_t>()});
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

void keep_groups(const std::string& path, const std::vector<EqualSamples>& groups) {
  json lists = json::array();
  for (const auto& group : groups) {
    json list = json::array();
    for (const auto sample : group) list.push_back(to_int(sample));
    lists.push_back(std::move(list));
  }
  fs::create_directories(fs::path(path).parent_path());
  write_file_atomically(path, json_text({{"layout", kLayout}, {"groups", lists}}) + "\n");
}

}  // namespace

std::optional<std::vector<EqualSamples>> equal_samples(const Dataset& dataset, const EqualSearch& search,
                                                       Context& context) {
  const auto path = search.folder.empty() ? std::string() : kept_path(dataset, search.folder);
  if (!path.empty()) {
    if (auto kept = kept_groups(path, dataset.size())) return kept;
  }
  Finder finder(dataset, search, context);
  std::vector<EqualSamples> groups;
  if (!finder.find(groups)) return {};
  if (!path.empty() && finder.files_were_read()) {
    try {
      keep_groups(path, groups);
    } catch (const std::exception&) {
      return groups;  // a disk that is full is the encoder's to report; the next run searches again
    }
  }
  return groups;
}

}  // namespace kindred::host
