#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/export/export_check.hpp"
#include "host/export/model_network.hpp"
#include "host/loader/catalog.hpp"

namespace kindred::host {

/// Writes `graph` to model.onnx in `folder`, and into `manifest` what there is to say of it. The file is
/// checked by the encoder of ONNX files, where a plugin with it was found; else the manifest says that it was
/// not. Throws Error, PluginError.
void export_onnx(const std::string& folder, torch::jit::Graph& graph, const ExportInput& input,
                 const Catalog& catalog, const ExportSamples& samples, const at::Tensor& taken,
                 const at::Tensor& expected, nlohmann::json& manifest);

/// The same as model.xml and model.bin, OpenVINO's own format, which the encoder of ONNX files writes. Throws
/// Error where no plugin has it.
void export_openvino(const std::string& folder, torch::jit::Graph& graph, const ExportInput& input,
                     const Catalog& catalog, const ExportSamples& samples, const at::Tensor& taken,
                     const at::Tensor& expected, nlohmann::json& manifest);

}  // namespace kindred::host
