#include "host/run/series_plan.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "host/base/issue.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kLongestName = 80;
constexpr size_t kMostRuns = 10000;
constexpr const char* kSeed = "seed";

using Settings = std::vector<std::pair<std::string, std::string>>;

json value_of(const std::string& text) {
  auto value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json(text) : value;
}

json object_of(const Settings& settings) {
  json object = json::object();
  for (const auto& [key, text] : settings) object[key] = value_of(text);
  return object;
}

/// Every combination of the values; the last key changes first.
std::vector<Settings> variants_of(const std::vector<GridAxis>& grid) {
  std::vector<Settings> variants = {{}};
  for (const auto& axis : grid) {
    std::vector<Settings> longer;
    for (const auto& variant : variants) {
      for (const auto& value : axis.values) {
        longer.push_back(variant);
        longer.back().emplace_back(axis.key, value);
      }
    }
    variants = std::move(longer);
    if (variants.size() > kMostRuns) {
      throw Error("the grid makes more than " + std::to_string(kMostRuns) + " runs; give fewer values");
    }
  }
  return variants;
}

/// "lr-0.0003_seed-43": what a person recognizes, of characters that every system takes in a name.
std::string folder_name(const Settings& settings) {
  std::string name;
  for (const auto& [key, text] : settings) {
    if (!name.empty()) name += '_';
    const auto dot = key.rfind('.');
    name += (dot == std::string::npos ? key : key.substr(dot + 1)) + '-';
    for (const char c : text) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         c == '.' || c == '-' || c == '+';
      if (plain) name += c;
    }
  }
  return name.substr(0, kLongestName);
}

/// Reads and checks pipelines with the settings of a variant, and collects what is wrong with all of them.
class Checker {
 public:
  Checker(const SeriesRequest& request, const Catalog& catalog, DataLook look, DataCheck* found)
      : request_(request), catalog_(catalog), look_(look), found_(found) {}

  /// Returns false where something is wrong with it.
  bool check(const Settings& settings, Pipeline& pipeline) {
    auto overrides = request_.settings;
    for (const auto& [key, text] : settings) overrides.push_back(key + "=" + text);
    try {
      auto* found = std::exchange(found_, nullptr);
      pipeline = checked_pipeline(read_document(request_.pipeline, overrides), catalog_, DatasetUse::read,
                                  look_, found);
      return true;
    } catch (const PipelineError& error) {
      for (auto issue : error.issues()) {
        // What is wrong with all variants is said once.
        if (seen_.insert(issue_text(issue)).second) issues_.push_back(std::move(issue));
      }
      return false;
    }
  }

  void throw_issues() const {
    if (!issues_.empty()) throw PipelineError(issues_);
  }

 private:
  const SeriesRequest& request_;
  const Catalog& catalog_;
  const DataLook look_;
  DataCheck* found_;  // of the first
  std::set<std::string> seen_;
  std::vector<Issue> issues_;
};

}  // namespace

GridAxis grid_axis(const std::string& text) {
  const auto equals = text.find('=');
  GridAxis axis;
  axis.key = text.substr(0, equals);
  if (equals == std::string::npos || axis.key.empty()) {
    throw Error("--grid " + text +
                ": expected path.to.key=value,value, for example --grid train.optimizer.lr=0.0003,0.001");
  }
  int depth = 0;
  bool quoted = false;
  axis.values.emplace_back();
  for (size_t i = equals + 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '[' || c == '{')) ++depth;
    if (!quoted && (c == ']' || c == '}')) --depth;
    if (c == ',' && depth == 0 && !quoted) {
      axis.values.emplace_back();
      continue;
    }
    axis.values.back() += c;
    if (c == '\\' && quoted && i + 1 < text.size()) axis.values.back() += text[++i];
  }
  std::set<std::string> seen;
  for (const auto& value : axis.values) {
    if (value.empty())
      throw Error("--grid " + text + ": a value is empty; values are separated by one comma");
    if (!seen.insert(value).second) throw Error("--grid " + text + ": " + value + " stands there twice");
  }
  return axis;
}

std::vector<SeriesRun> series_runs(const SeriesRequest& request, const Catalog& catalog, DataLook look,
                                   DataCheck* found) {
  auto grid = request.grid;
  std::vector<std::string> seeds;
  const auto is_seed = [](const GridAxis& axis) { return axis.key == kSeed; };
  if (const auto axis = std::find_if(grid.begin(), grid.end(), is_seed); axis != grid.end()) {
    seeds = axis->values;  // they are no variants, but repeat one
    grid.erase(axis);
  }
  Checker checker(request, catalog, look, found);
  std::vector<SeriesRun> runs;
  std::set<std::string> names;
  for (const auto& variant : variants_of(grid)) {
    Pipeline first;
    if (!checker.check(variant, first)) continue;
    auto these = seeds;
    for (int64_t i = 0; seeds.empty() && i < request.seeds; ++i) {
      these.push_back(std::to_string(first.seed + static_cast<uint64_t>(i)));
    }
    const auto folds = first.split.fold == 0 ? first.split.folds : 0;
    for (const auto& seed : these) {
      for (int64_t fold = folds > 0 ? 1 : 0; fold <= folds; ++fold) {
        auto settings = variant;
        if (these.size() > 1 || !seeds.empty()) settings.emplace_back(kSeed, seed);
        if (fold > 0) settings.emplace_back(kFoldKey, std::to_string(fold));
        SeriesRun run;
        if (settings.size() == variant.size()) {
          run.pipeline = first;
        } else if (!checker.check(settings, run.pipeline)) {
          continue;
        }
        run.folder = folder_name(settings);
        if (run.folder.empty() || names.count(run.folder) > 0) {
          run.folder += (run.folder.empty() ? "run-" : "_") + std::to_string(runs.size() + 1);
        }
        names.insert(run.folder);
        run.variant = object_of(variant);
        run.settings = object_of(settings);
        runs.push_back(std::move(run));
      }
    }
  }
  checker.throw_issues();
  return runs;
}

}  // namespace kindred::host
