#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/export/export_check.hpp"
#include "host/export/model_network.hpp"
#include "host/loader/catalog.hpp"
#include "host/model/servable.hpp"

namespace kindred::host {

enum class ExportFormat { torchscript, onnx, openvino, state_dict };

/// Names of the formats: "torchscript", "onnx", "openvino", "state_dict".
const std::vector<std::string>& export_format_names();

/// Throws Error for a name that is not among them.
ExportFormat export_format_from_name(const std::string& name);

struct ExportRequest {
  ExportFormat format = ExportFormat::torchscript;
  std::string model;   ///< folder of the servable, as model_folder() gives it
  std::string output;  ///< a folder that is not there yet
  ExportInput input;
  std::string licence;  ///< SPDX identifier for the model card; "": not stated
  std::string
      encoder;  ///< the name of the encoder that leave_encoder() left; "": the whole model is exported
};

/// Leaves one encoder of a model, by its name in the pipeline, and none of the heads: what goes with the
/// whole model, such as its metrics, is no longer in the manifest. Throws Error for a name that no encoder
/// has.
void leave_encoder(Servable& servable, const std::string& name);

/// What a model takes: pictures as its transforms make them, texts or vectors. `height` and `width` are those
/// of the pictures; 0: what the transforms make of any picture. Throws Error where that has several sizes, or
/// the model cannot be exported.
ExportInput export_input(const Servable& servable, ExportFormat format, int64_t height, int64_t width);

/// Writes a model for other programs into a folder: the file of the format, manifest.json, which says what
/// goes in and comes out and how far from the model's own embeddings the file's are, and README.md. What is
/// written is opened again and computes `samples` before the folder gets its name; nothing is left where that
/// fails. The model is prepared for inference by it. Returns the manifest. Throws Error, PluginError.
nlohmann::json export_model(const ExportRequest& request, Servable& servable, const Catalog& catalog,
                            const ExportSamples& samples, Context& context);

}  // namespace kindred::host
