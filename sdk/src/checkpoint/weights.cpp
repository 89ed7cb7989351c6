#include "kindred/io/weights.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "checkpoint_format.hpp"
#include "kindred/error.hpp"

namespace kindred {
namespace {

/// What wrappers of networks put before names: nn.DataParallel, torch.compile, training scripts.
const std::set<std::string>& usual_words() {
  static const std::set<std::string> words = {"module", "model", "backbone", "encoder", "_orig_mod"};
  return words;
}

bool is_usual(const std::string& prefix) {
  for (size_t begin = 0; begin < prefix.size();) {
    const auto end = prefix.find('.', begin);
    if (usual_words().count(prefix.substr(begin, end - begin)) == 0) return false;
    begin = end + 1;
  }
  return true;
}

std::string quoted_list(const std::vector<std::string>& texts) {
  constexpr size_t kShown = 6;
  std::string list;
  for (size_t i = 0; i < texts.size() && i < kShown; ++i) list += (i > 0 ? ", \"" : "\"") + texts[i] + "\"";
  if (texts.size() > kShown) list += " and " + std::to_string(texts.size() - kShown) + " more";
  return list;
}

/// A way to read the names of a file: what stands before them, and whose they are.
struct Reading {
  std::string prefix;
  const NamingConvention* convention = nullptr;  ///< null: ours
  size_t found = 0;                              ///< how many tensors of the network it finds
};

/// Every way in which names of the file end in names that the network has by one convention.
std::vector<Reading> readings_of(const std::vector<NamedTensor>& source, const std::set<std::string>& wanted,
                                 const NamingConvention* convention) {
  std::map<std::string, size_t> counts;
  for (const auto& one : source) {
    for (size_t begin = 0;;) {
      if (wanted.count(one.name.substr(begin)) > 0) ++counts[one.name.substr(0, begin)];
      const auto dot = one.name.find('.', begin);
      if (dot == std::string::npos) break;
      begin = dot + 1;
    }
  }
  std::vector<Reading> readings;
  for (const auto& [prefix, found] : counts) readings.push_back({prefix, convention, found});
  return readings;
}

[[noreturn]] void refuse_ambiguous(const std::string& path, const std::vector<std::string>& prefixes) {
  throw Error(path + " holds the network " + std::to_string(prefixes.size()) + " times, under the names " +
              quoted_list(prefixes) +
              "; write the one that you want to a file of its own, in Python: d = "
              "torch.load(path, weights_only=True), then torch.save of a dictionary with its tensors");
}

/// The reading to take, or none where names are to be left as they are.
std::optional<Reading> best_reading(const std::string& path, const std::vector<Reading>& readings,
                                    size_t size, std::vector<std::string>& notes) {
  std::vector<Reading> whole;
  Reading most;
  for (const auto& one : readings) {
    if (one.found == size) whole.push_back(one);
    // Of two that find as much the shorter prefix and our own convention, which come first, are taken.
    if (one.found > most.found) most = one;
    if (one.found == size && one.prefix.empty() && one.convention == nullptr) return std::nullopt;
  }
  if (whole.size() == 1) return whole.front();
  if (whole.empty()) {
    // What is missing or too much is then said by the network's own names.
    return most.found * 2 > size ? std::optional<Reading>(most) : std::nullopt;
  }
  std::vector<std::string> all;
  std::vector<Reading> usual;
  for (const auto& one : whole) {
    all.push_back(one.prefix);
    if (is_usual(one.prefix)) usual.push_back(one);
  }
  if (usual.size() != 1) refuse_ambiguous(path, all);
  all.erase(std::find(all.begin(), all.end(), usual.front().prefix));
  notes.push_back(path + " holds the network also under " + quoted_list(all) + ", which was not taken");
  return usual.front();
}

/// The file's tensors as `reading` names them.
std::vector<NamedTensor> renamed(const std::string& path, std::vector<NamedTensor> source,
                                 const Reading& reading, std::vector<std::string>& notes) {
  std::map<std::string, std::string> ours;
  if (reading.convention != nullptr) {
    for (const auto& [theirs, own] : reading.convention->names) ours[theirs] = own;
    notes.push_back(path + ": the names of " + reading.convention->library + " were translated");
  }
  std::vector<std::string> outside;
  std::vector<NamedTensor> tensors;
  for (auto& one : source) {
    if (one.name.rfind(reading.prefix, 0) != 0) {
      outside.push_back(one.name);
      continue;
    }
    one.name.erase(0, reading.prefix.size());
    if (const auto it = ours.find(one.name); it != ours.end()) one.name = it->second;
    tensors.push_back(std::move(one));
  }
  if (!reading.prefix.empty())
    notes.push_back(path + ": \"" + reading.prefix + "\" was dropped from the names");
  if (!outside.empty()) {
    notes.push_back(path + ": " + std::to_string(outside.size()) +
                    " tensors without it were left out: " + quoted_list(outside));
  }
  return tensors;
}

/// "model-00001-of-00003.safetensors" is one of three files.
bool is_one_of_several(const std::string& path) {
  const auto of = path.rfind("-of-");
  const auto is_digit = [&](size_t place) { return path[place] >= '0' && path[place] <= '9'; };
  return of != std::string::npos && of > 0 && is_digit(of - 1) && of + 4 < path.size() && is_digit(of + 4);
}

}  // namespace

Weights read_weights(const std::string& path, const std::vector<NamedTensor>& target,
                     const std::vector<NamingConvention>& conventions) {
  auto checkpoint = read_checkpoint_file(path);
  Weights weights;
  weights.notes = std::move(checkpoint.notes);
  std::set<std::string> wanted;
  for (const auto& one : target) wanted.insert(one.name);
  auto readings = readings_of(checkpoint.tensors, wanted, nullptr);
  for (const auto& convention : conventions) {
    std::set<std::string> theirs;
    for (const auto& [name, own] : convention.names) {
      if (wanted.count(own) > 0) theirs.insert(name);
    }
    if (theirs.size() != wanted.size()) continue;
    const auto more = readings_of(checkpoint.tensors, theirs, &convention);
    readings.insert(readings.end(), more.begin(), more.end());
  }
  const auto reading = best_reading(path, readings, wanted.size(), weights.notes);
  weights.tensors = reading ? renamed(path, std::move(checkpoint.tensors), *reading, weights.notes)
                            : std::move(checkpoint.tensors);
  if (is_one_of_several(path)) {
    weights.notes.push_back(path +
                            " is one of several files of one network; name their index, such as "
                            "model.safetensors.index.json, to read all of them");
  }
  return weights;
}

std::string find_weights(const std::string& folder) {
  for (const auto* name : {"model.safetensors", "pytorch_model.bin"}) {
    const auto path = std::filesystem::path(folder) / name;
    if (std::filesystem::exists(path)) return path.string();
    if (std::filesystem::exists(path.string() + ".index.json")) return path.string() + ".index.json";
  }
  return "";
}

}  // namespace kindred
