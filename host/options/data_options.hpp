#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred::host {

/// What happens when a sample cannot be read.
enum class OnError { skip, fail };

/// What happens when a dataset holds equal samples. warn: they are counted and named; drop: they are taken
/// out of the split; fail: the run ends.
enum class DuplicateUse { warn, drop, fail };

/// How samples are read.
struct LoadingOptions {
  OnError on_error = OnError::skip;
  double max_skipped = 0.01;  ///< largest fraction of the samples that may be skipped
  int64_t threads = 0;        ///< 0: one per processor
  DuplicateUse duplicates = DuplicateUse::warn;
  bool other_transforms = false;  ///< pictures may go through others than the folder of an encoder says
};

enum class ValidationSource { none, train_classes, test };

/// Which classes are trained on, validated on and tested on.
struct SplitOptions {
  std::string file;                    ///< the pipeline file, for messages
  uint64_t seed = 42;                  ///< of what is drawn; not that of the run
  int64_t folds = 0;                   ///< above 0: parts of the classes, each of which is tested once
  int64_t fold = 0;                    ///< which of them is tested here, from 1; 0: none was chosen yet
  std::vector<int64_t> train_classes;  ///< 0-based; empty: by train_fraction
  int64_t train_first = 0;             ///< above 0: the classes below it
  double train_fraction = 0.5;
  ValidationSource validation = ValidationSource::train_classes;
  double validation_fraction = 0.1;
  int64_t validation_min_classes =
      3;                   ///< held out where at least twice as many are there, whatever the fraction
  bool has_train = false;  ///< whether anything is trained, so that the training side must not be empty
};

}  // namespace kindred::host
