#pragma once

#include <string>
#include <vector>

#include "host/loader/catalog.hpp"
#include "host/model/model.hpp"
#include "host/options/component_spec.hpp"

namespace kindred::host {

class Catalog;

/// Puts a model together from components, in evaluation mode on the CPU: encoders first, then heads. Throws
/// PluginError.
class ModelBuilder {
 public:
  ModelBuilder(const Catalog& catalog, uint64_t seed) : catalog_(catalog), seed_(seed) {}

  /// `part` has the names and the field; the rest is filled in. Encoders of vectors learn their dimension
  /// from `input_dimension`.
  EncoderPart& add_encoder(EncoderPart part, const ComponentInfo& info, const nlohmann::json& params,
                           int64_t input_dimension);

  void add_head(const ComponentSpec& spec);

  /// A switch, which comes before the other heads. Throws Error when the encoder `on` has not one number per
  /// branch, or the branches' embeddings differ in length.
  void add_switch(const std::string& on, const std::vector<std::vector<ComponentSpec>>& branches);

  const Model& model() const { return model_; }
  Model take() { return std::move(model_); }

 private:
  HeadStage stage(const ComponentSpec& spec, int64_t input_dimension) const;

  const Catalog& catalog_;
  uint64_t seed_;
  Model model_;
};

}  // namespace kindred::host
