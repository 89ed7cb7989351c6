#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/options/training_options.hpp"

namespace kindred::host {

/// Says whether `name` is what `pattern` says; * stands for any number of characters.
bool matches_pattern(const std::string& pattern, const std::string& name);

/// Product of the factors of train.optimizer.lr_factors whose patterns match.
double lr_factor(const TrainingOptions& options, const std::string& name);

/// Says whether train.freeze keeps a parameter as it is in `epoch`, from 0.
bool is_frozen(const TrainingOptions& options, const std::string& name, int64_t epoch);

/// Throws PipelineError for patterns that match none of `names`.
void check_patterns(const TrainingOptions& options, const std::vector<std::string>& names);

}  // namespace kindred::host
