#pragma once

#include <c10/core/Device.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/data/class_split.hpp"
#include "host/data/skip_log.hpp"
#include "host/distributed/communicator.hpp"
#include "host/encoding/feature_store.hpp"
#include "host/model/model.hpp"
#include "host/pipeline/pipeline.hpp"
#include "host/run/components.hpp"
#include "host/training_data/training_data.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

class Catalog;

/// These are data and model of one run. They are made one after the other, in the order of the functions
/// below. What is not made yet is null or empty, so that the result of a run that fails says how far it came.
/// The parts refer to each other, so the whole stays where it is.
struct RunMaterial {
  RunMaterial() = default;
  RunMaterial(const RunMaterial&) = delete;
  RunMaterial& operator=(const RunMaterial&) = delete;

  Components components;
  std::shared_ptr<Dataset> dataset;
  size_t notes_said = 0;  ///< of the dataset's, before anything was read
  std::unique_ptr<SkipLog> skips;
  ClassSplit split;
  nlohmann::json duplicates;  ///< what result.json says of equal samples
  Model model;
  EncodingOptions encoding;
  std::unique_ptr<FeatureStore> encoded;
  std::unique_ptr<TrainingData> data;

  /// Takes samples that could not be read out of the split.
  void keep_readable();
};

/// Opens the dataset and divides it. Throws PipelineError with all that is wrong with the data, such as a
/// loss that does not take this kind of dataset.
void prepare_data(RunMaterial& material, const Pipeline& pipeline, const Catalog& catalog, Context& context);

/// Makes the model and brings it to the device. Throws PipelineError when it does not fit the data.
void prepare_model(RunMaterial& material, const Pipeline& pipeline, const Catalog& catalog, at::Device device,
                   Context& context);

/// Makes what runs the frozen stages, which encode_data() begins with.
FeatureStore& prepare_encoding(RunMaterial& material, const Pipeline& pipeline, at::Device device,
                               Context& context);

/// Runs the frozen stages, or opens what they gave earlier. Returns nothing where all encoders read samples
/// at every step.
std::optional<FeatureStore::Timings> encode_data(RunMaterial& material, const Pipeline& pipeline,
                                                 at::Device device, Context& context);

/// Readies the batches of training.
void prepare_training_data(RunMaterial& material, const Pipeline& pipeline, at::Device device,
                           Communicator& communicator, Context& context);

/// Throws Error on all processes where they do not see the same samples, divided in the same way.
void require_same_data(const RunMaterial& material, Communicator& communicator);

}  // namespace kindred::host
