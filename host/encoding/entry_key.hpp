#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/encoding/encoding_options.hpp"
#include "host/encoding/feature_request.hpp"
#include "host/model/encoder_part.hpp"
#include "host/options/model_options.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// The keys under which the cache keeps what the frozen stages of an encoder give. A key covers everything
/// that decides its values.
class EntryKeys {
 public:
  /// Everything given by reference must outlive it. `dataset`: of the field that `part` reads; `spec`: where
  /// `part` comes from.
  EntryKeys(const EncodingOptions& options, const EncoderSpec& spec, const Dataset& dataset,
            const EncoderPart& part, at::Device device);

  /// The fingerprint of a request, hexadecimal. The dataset's files, the frozen tensors and the components'
  /// files are read once.
  std::string key(const FeatureRequest& request);
  /// What of it a person can read: components, versions, parameters, view and arithmetic.
  nlohmann::json description(const FeatureRequest& request) const;
  /// Which data it is, for people: {"files": "/photos", "samples": 500}. It decides nothing, since the
  /// fingerprint covers the files.
  nlohmann::json data() const;

 private:
  std::vector<ComponentSpec> transform_specs(int64_t view) const;
  const std::string& inputs_fingerprint();
  const std::string& resource_hash(const std::string& file);

  const EncodingOptions& options_;
  const EncoderSpec& spec_;
  const Dataset& dataset_;
  const EncoderPart& part_;
  at::Device device_;
  std::string inputs_fingerprint_;
  std::map<std::string, std::string> resource_hashes_;  ///< by path: they may have gigabytes
};

}  // namespace kindred::host
