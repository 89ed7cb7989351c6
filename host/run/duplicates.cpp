#include "host/run/duplicates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "host/run/equal_samples.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kMostListed = 100;  // groups in result.json
constexpr size_t kMostNamed = 10;    // samples of each

/// Groups of equal samples, all of one kind.
struct DuplicateKind {
  int64_t groups = 0, samples = 0;
  std::string first;  ///< two of them by name

  json to_json() const { return {{"groups", groups}, {"samples", samples}}; }
};

/// What is known of the equal samples of a dataset.
class DuplicateReport {
 public:
  DuplicateReport(const Dataset& dataset, const ClassSplit& split)
      : labels_(dataset.labels()), dataset_(dataset), in_test_(static_cast<size_t>(dataset.size())) {
    in_split_ = in_test_;
    for (const auto* side : {&split.train, &split.validation, &split.test}) {
      for (const auto sample : *side) in_split_[static_cast<size_t>(sample)] = true;
    }
    for (const auto sample : split.test) in_test_[static_cast<size_t>(sample)] = true;
  }

  void add(const EqualSamples& equal) {
    EqualSamples group;
    std::copy_if(equal.begin(), equal.end(), std::back_inserter(group),
                 [&](SampleIndex sample) { return in_split_[static_cast<size_t>(sample)]; });
    if (group.size() < 2) return;
    std::set<int64_t> classes;
    for (const auto sample : group) classes.insert(labels_[static_cast<size_t>(sample)]);
    const auto other_class = first_unlike(group, labels_), other_side = first_unlike(group, in_test_);
    const bool both_sides = other_side > 0;
    note(other_class > 0 ? several_classes_ : one_class_, group, std::max<size_t>(other_class, 1));
    if (both_sides) note(both_sides_, group, other_side);
    ++groups_;
    samples_ += static_cast<int64_t>(group.size());
    if (listed_.size() < kMostListed) listed_.push_back(entry(group, classes.size(), both_sides));
    // Nobody can tell which of several classes is right.
    dropped_.insert(dropped_.end(), group.begin() + (classes.size() > 1 ? 0 : 1), group.end());
  }

  int64_t groups() const { return groups_; }
  const std::vector<SampleIndex>& to_be_dropped() const { return dropped_; }

  /// A sentence for each kind that there is.
  std::vector<std::string> sentences() const {
    std::vector<std::string> out;
    const auto say = [&](const DuplicateKind& kind, const char* where, const char* means) {
      if (kind.groups == 0) return;
      out.push_back(fmt::format("{} samples in {} {} are equal {}, such as {}: {}", kind.samples, kind.groups,
                                kind.groups == 1 ? "group" : "groups", where, kind.first, means));
    };
    say(one_class_, "within their class", "they find each other, which raises what is measured");
    say(several_classes_, "although their classes differ",
        "one label of each is wrong, or the classes are no different ones");
    say(both_sides_, "on both sides of the split", "what is tested was trained on");
    return out;
  }

  json to_json() const {
    return {{"searched", true},
            {"groups", groups_},
            {"samples", samples_},
            {"in_one_class", one_class_.to_json()},
            {"in_several_classes", several_classes_.to_json()},
            {"on_both_sides", both_sides_.to_json()},
            {"listed", listed_}};
  }

 private:
  /// The place of the first sample of a group of which `values` says something else than of its first one; 0
  /// where it says the same of all.
  template <class Values>
  static size_t first_unlike(const EqualSamples& group, const Values& values) {
    for (size_t i = 1; i < group.size(); ++i) {
      if (values[static_cast<size_t>(group[i])] != values[static_cast<size_t>(group[0])]) return i;
    }
    return 0;
  }

  /// `other`: the place in the group of a sample that shows, beside its first one, what is wrong.
  void note(DuplicateKind& kind, const EqualSamples& group, size_t other) const {
    if (kind.groups == 0) {
      kind.first =
          dataset_.sample_name(to_int(group[0])) + " and " + dataset_.sample_name(to_int(group[other]));
    }
    ++kind.groups;
    kind.samples += static_cast<int64_t>(group.size());
  }

  json entry(const EqualSamples& group, size_t classes, bool both_sides) const {
    json names = json::array();
    for (size_t i = 0; i < std::min(group.size(), kMostNamed); ++i) {
      names.push_back(dataset_.sample_name(to_int(group[i])));
    }
    return {{"samples", names}, {"count", group.size()}, {"classes", classes}, {"on_both_sides", both_sides}};
  }

  const std::vector<int64_t>& labels_;
  const Dataset& dataset_;
  std::vector<bool> in_test_, in_split_;
  DuplicateKind one_class_, several_classes_, both_sides_;
  int64_t groups_ = 0, samples_ = 0;
  json listed_ = json::array();
  std::vector<SampleIndex> dropped_;
};

/// Takes `dropped` out of the split.
void drop(std::vector<SampleIndex> dropped, ClassSplit& split) {
  std::sort(dropped.begin(), dropped.end());
  for (auto* side : {&split.train, &split.validation, &split.test}) {
    const bool was_empty = side->empty();
    side->erase(std::remove_if(side->begin(), side->end(),
                               [&](SampleIndex sample) {
                                 return std::binary_search(dropped.begin(), dropped.end(), sample);
                               }),
                side->end());
    if (!was_empty && side->empty()) {
      throw Error(
          "data.duplicates is \"drop\", and all samples of one side of the split are equal to others "
          "of other classes; look at what the dataset names its classes");
    }
  }
}

}  // namespace

void use_duplicates(const Dataset& dataset, const DuplicateOptions& options, ClassSplit& split, json& said,
                    Context& context) {
  const auto use = options.loading.duplicates;
  EqualSearch search;
  search.read_pictures = use != DuplicateUse::warn;
  search.threads = options.loading.threads;
  if (options.cache.on_disk()) search.folder = options.cache.directory;
  const auto groups = equal_samples(dataset, search, context);
  said = {{"searched", false}};
  if (!groups) return;
  DuplicateReport report(dataset, split);
  for (const auto& group : *groups) report.add(group);
  said = report.to_json();
  said["dropped"] = 0;
  if (report.groups() == 0) return;
  const auto sentences = report.sentences();
  if (use == DuplicateUse::fail) {
    std::string found;
    for (const auto& sentence : sentences) found += (found.empty() ? "" : "; ") + sentence;
    throw Error(
        fmt::format("{}: data.duplicates is \"fail\", and {}{}", options.file, found, options.names_where));
  }
  if (use == DuplicateUse::drop) {
    drop(report.to_be_dropped(), split);
    const auto count = report.to_be_dropped().size();
    said["dropped"] = count;
    context.warning(fmt::format("data.duplicates is \"drop\": {} of {} equal samples {} left out{}", count,
                                said["samples"].get<int64_t>(), count == 1 ? "was" : "were",
                                options.names_where));
    return;
  }
  for (const auto& sentence : sentences) {
    context.warning(fmt::format("{}{}, and \"duplicates\": \"drop\" in data leaves them out", sentence,
                                options.names_where));
  }
}

}  // namespace kindred::host
