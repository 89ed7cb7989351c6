#pragma once

#include <vector>

#include "host/base/context.hpp"
#include "host/data/class_split.hpp"
#include "host/evaluation/comparison.hpp"
#include "host/pipeline/pipeline.hpp"
#include "host/training/trainer.hpp"
#include "kindred/dataset.hpp"

/// What makes the figures of a run doubtful. Each is a warning that says what was found and what to do.
namespace kindred::host {

/// Warns where so few classes are held out that the figures of validation say little, and where batches are
/// to hold more than the training side has.
void doubt_training_side(const Dataset& dataset, const ClassSplit& split, const Pipeline& pipeline,
                         Context& context);

/// Warns where so few classes are tested on, in `test`, that the metrics say little. Returns false where they
/// say nothing, since no order of the samples would be wrong.
bool doubt_test_side(const Dataset& dataset, const std::vector<SampleIndex>& test, const Pipeline& pipeline,
                     Context& context);

/// Warns of a best epoch that is the first one.
void doubt_best_epoch(const TrainReport& report, Context& context);

/// Warns where the tuned model is not better than the encoders alone.
void doubt_tuned(const std::vector<Comparison>& all, Context& context);

}  // namespace kindred::host
