#include "host/data/class_split.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>

#include "host/base/issue.hpp"
#include "host/base/random_streams.hpp"

namespace kindred::host {
namespace {

enum Side { kTrain, kValidation, kTest };

int64_t part_of(const std::vector<int64_t>& classes, double fraction) {
  return std::llround(fraction * static_cast<double>(classes.size()));
}

/// How many of the training classes are held out. Half of 2 or 3 classes is one, which tells nothing.
int64_t held_out(const std::vector<int64_t>& train, const SplitOptions& options) {
  const auto half = static_cast<int64_t>(train.size()) / 2;
  const auto least = std::min(options.validation_min_classes, half);
  return std::max(part_of(train, options.validation_fraction), half < 2 ? 0 : least);
}

std::vector<int64_t> shuffled(std::vector<int64_t> classes, uint64_t seed, Stream stream) {
  auto random = random_stream(seed, stream);
  random.shuffle(classes.begin(), classes.end());
  return classes;
}

std::vector<int64_t> drawn(std::vector<int64_t> classes, int64_t count, uint64_t seed, Stream stream) {
  classes = shuffled(std::move(classes), seed, stream);
  classes.resize(static_cast<size_t>(std::clamp<int64_t>(count, 0, static_cast<int64_t>(classes.size()))));
  return classes;
}

/// Returns the training classes that validation takes. A class of one sample has nothing to be found, so more
/// are drawn until enough of several samples are among them.
std::vector<int64_t> validation_classes(const std::vector<int64_t>& train, const std::vector<int64_t>& labels,
                                        const SplitOptions& options) {
  std::map<int64_t, int64_t> sizes;
  for (const auto label : labels) ++sizes[label];
  const auto has_several = [&](int64_t label) { return sizes[label] > 1; };
  auto classes = shuffled(train, options.seed, Stream::validation_classes);
  const auto half = std::count_if(classes.begin(), classes.end(), has_several) / 2;
  auto missing = half < 2 ? 0 : std::min<int64_t>(options.validation_min_classes, half);
  auto last = classes.begin() +
              std::clamp<int64_t>(held_out(train, options), 0, static_cast<int64_t>(classes.size()));
  missing -= std::count_if(classes.begin(), last, has_several);
  for (; missing > 0 && last != classes.end(); ++last) missing -= has_several(*last) ? 1 : 0;
  classes.erase(last, classes.end());
  return classes;
}

/// Returns the classes that are not in the fold `options.fold`, ascending. Folds differ by one class at most.
std::vector<int64_t> outside_fold(const std::vector<int64_t>& classes, const SplitOptions& options) {
  if (static_cast<int64_t>(classes.size()) < options.folds) {
    throw PipelineError(
        {{options.file, "/data/split/folds",
          "there are " + std::to_string(options.folds) + " folds for " + std::to_string(classes.size()) +
              " classes, so that some would have none; give fewer"}});
  }
  const auto order = shuffled(classes, options.seed, Stream::folds);
  std::vector<int64_t> outside;
  for (size_t i = 0; i < order.size(); ++i) {
    if (static_cast<int64_t>(i) % options.folds + 1 != std::max<int64_t>(options.fold, 1)) {
      outside.push_back(order[i]);
    }
  }
  std::sort(outside.begin(), outside.end());
  return outside;
}

}  // namespace

ClassSplit split_classes(const std::vector<int64_t>& labels, const SplitOptions& options) {
  std::map<int64_t, Side> side;
  for (auto label : labels) {
    if (label >= 0) side.emplace(label, kTest);
  }
  const auto fail = [&](const std::string& pointer, const std::string& message) {
    throw PipelineError({{options.file, pointer, message}});
  };
  if (side.empty()) fail("/data/dataset", "no sample has a label; training and measuring need classes");

  std::vector<int64_t> classes;
  for (const auto& [label, unused] : side) classes.push_back(label);
  const auto seed = options.seed;
  std::vector<int64_t> train = options.train_classes;
  if (options.train_first > 0) {
    std::copy_if(classes.begin(), classes.end(), std::back_inserter(train),
                 [&](int64_t label) { return label < options.train_first; });
  } else if (options.folds > 0) {
    train = outside_fold(classes, options);
  } else if (train.empty()) {
    train = drawn(classes, part_of(classes, options.train_fraction), seed, Stream::train_classes);
    std::sort(train.begin(), train.end());
  }
  for (auto label : train) {
    const auto it = side.find(label);
    if (it == side.end()) {
      fail("/data/split/train/classes_file",
           "class " + std::to_string(label) + " is not in the dataset, whose " +
               std::to_string(classes.size()) + " classes go up to " + std::to_string(classes.back()));
    }
    it->second = kTrain;
  }
  if (options.validation == ValidationSource::train_classes) {
    for (auto label : validation_classes(train, labels, options)) side[label] = kValidation;
  }

  ClassSplit split;
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 0) continue;
    const auto where = side.at(labels[row]);
    (where == kTrain        ? split.train
     : where == kValidation ? split.validation
                            : split.test)
        .push_back(SampleIndex{static_cast<int64_t>(row)});
  }
  if (options.validation == ValidationSource::test) {
    split.validation = split.test;
    split.validation_is_test = true;
  }
  if (split.test.empty()) fail("/data/split", "no class is left for the test side");
  if (split.train.empty() && options.has_train) fail("/data/split", "no class is left for the training side");
  if (split.validation.empty() && options.validation != ValidationSource::none && options.has_train) {
    fail("/data/split/validation",
         "no class is left for validation: " + std::to_string(train.size()) +
             " training classes times the fraction rounds to none; raise it or say \"none\"");
  }
  return split;
}

ClassSplit split_classes(const Dataset& dataset, const SplitOptions& options) {
  try {
    return split_classes(dataset.labels(), options);
  } catch (const PipelineError& error) {
    const auto pairs = dataset.pairs();
    if (!pairs.defined() || error.issues().size() != 1) throw;
    const std::set<int64_t> groups(dataset.labels().begin(), dataset.labels().end());
    auto issue = error.issues().front();
    const auto count = std::to_string(dataset.size()) + " objects of " + std::to_string(pairs.rows.size(0));
    issue.message += groups.size() == 1
                         ? ": all " + count +
                               " pairs hang together by chains of pairs, so they are one class, "
                               "which cannot be divided"
                         : ": the " + count + " pairs hang together in " + std::to_string(groups.size()) +
                               " classes, none of which can be divided";
    issue.message += "; leave out the pairs of objects that many share, or take pairs of several sources";
    throw PipelineError({issue});
  }
}

void require_fold(const SplitOptions& options) {
  if (options.folds == 0 || options.fold > 0) return;
  throw PipelineError({{options.file, "/data/split/fold",
                        "there are " + std::to_string(options.folds) +
                            " folds; say which is meant, for example --set data.split.fold=1"}});
}

at::Tensor tensor_of(const std::vector<SampleIndex>& samples) {
  auto out = at::empty({static_cast<int64_t>(samples.size())}, at::kLong);
  std::transform(samples.begin(), samples.end(), out.data_ptr<int64_t>(),
                 [](SampleIndex sample) { return to_int(sample); });
  return out;
}

at::Tensor labels_of(const std::vector<int64_t>& labels, const std::vector<SampleIndex>& rows) {
  auto out = at::empty({static_cast<int64_t>(rows.size())}, at::kLong);
  auto* values = out.data_ptr<int64_t>();
  for (size_t i = 0; i < rows.size(); ++i) values[i] = labels[static_cast<size_t>(rows[i])];
  return out;
}

int64_t count_groups_of_several(const std::vector<int64_t>& labels, const std::vector<SampleIndex>& rows) {
  std::map<int64_t, int64_t> sizes;
  for (auto row : rows) ++sizes[labels[static_cast<size_t>(row)]];
  return std::count_if(sizes.begin(), sizes.end(), [](const auto& one) { return one.second > 1; });
}

int64_t count_groups(const std::vector<int64_t>& labels, const std::vector<SampleIndex>& rows) {
  std::set<int64_t> groups;
  for (auto row : rows) groups.insert(labels[static_cast<size_t>(row)]);
  return static_cast<int64_t>(groups.size());
}

}  // namespace kindred::host
