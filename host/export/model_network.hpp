#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/export/network_graph.hpp"
#include "host/model/model.hpp"
#include "kindred/image.hpp"

namespace kindred::host {

/// What goes into an exported model.
struct ExportInput {
  ObjectKind kind = ObjectKind::image;
  /// Sizes of one: {height, width, 3} as decoded, or {numbers} of a vector; nothing for texts.
  std::vector<int64_t> sample;
  Normalization normalization{};    ///< of pictures
  bool with_preprocessing = false;  ///< it takes bytes, and normalises them itself

  bool is_picture() const { return kind == ObjectKind::image; }
  bool is_text() const { return kind == ObjectKind::text; }
  /// "pictures", "texts" or "vectors".
  std::string name() const { return is_picture() ? "pictures" : is_text() ? "texts" : "vectors"; }

  /// What an exported network takes of raw pictures or vectors: the same, or normalised pictures float32
  /// (B, 3, H, W).
  at::Tensor taken(const Batch& raw) const;
  /// Samples one by one, as transforms leave them, as a batch that encoders take.
  Batch batch(const std::vector<at::Tensor>& samples) const;
  /// Samples that are drawn by a fixed seed, in place of real ones: coloured patches, normal numbers, or
  /// texts of several lengths.
  Batch drawn(int64_t count) const;

  /// The object "input" of the manifest, and "preprocessing" but for the transforms of a model.
  nlohmann::json described() const;
};

/// The names that a model's encoders have in the pipeline, in the order of the encoders.
std::vector<std::string> encoder_names(const Model& model);

/// Throws Error, which says why, for a model of several encoders; and where `whole`, for one that is no
/// network of fixed operators.
void check_exportable(const Model& model, bool whole);

/// A model, which must outlive the result, as a function of what `input` takes: encoder and heads as they
/// compute without prepare_for_inference().
Network network_of(const Model& model, const ExportInput& input);

}  // namespace kindred::host
