#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/inference/inference_model.hpp"

namespace kindred::host {

/// How fast one encoder is, without what reads, decodes and transforms its samples.
struct EncoderSpeed {
  std::string encoder;         ///< its key in the pipeline
  std::vector<int64_t> input;  ///< shape of what one sample is for it: {3, 224, 224} of a picture
  struct Batch {
    int64_t size;
    double samples_per_second;  ///< by the median of the calls
  };
  std::vector<Batch> batches;
};

/// Times each encoder of a model on drawn samples, for about `seconds` with every size of a batch. A picture
/// is one of 640 x 480 after the transforms, a text has 16 words. Throws Error, PluginError.
std::vector<EncoderSpeed> encoder_speeds(const InferenceModel& model, const std::vector<int64_t>& batch_sizes,
                                         double seconds);

}  // namespace kindred::host
