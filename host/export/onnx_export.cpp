#include "host/export/onnx_export.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "host/contracts/contracts.hpp"
#include "host/export/onnx/onnx_graph.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace {

constexpr const char* kOnnxEncoder = "kindred.onnx";

/// The ONNX file as an encoder of pictures or vectors. Pictures come to it as float32 (B, 3, H, W).
Network opened(const std::string& path, const ComponentInfo& info, const Catalog& catalog, bool is_bytes) {
  const auto encoder = create_under_contract<Encoder>(catalog, info, {{"module", path}});
  return [encoder, is_bytes](const at::Tensor& taken) {
    at::NoGradGuard no_grad;
    // It turns them itself for a network that takes (B, H, W, 3).
    return encoder->encode({is_bytes ? taken.permute({0, 3, 1, 2}).to(at::kFloat) : taken});
  };
}

}  // namespace

void export_onnx(const std::string& folder, torch::jit::Graph& graph, const ExportInput& input,
                 const Catalog& catalog, const ExportSamples& samples, const at::Tensor& taken,
                 const at::Tensor& expected, nlohmann::json& manifest) {
  OnnxModel model;
  model.input = {input.name(), taken.scalar_type(), taken.sizes().vec()};
  model.output = {"embedding", at::kFloat, expected.sizes().vec()};
  convert_to_onnx(graph, model);
  for (const auto* key : {"name", "input", "preprocessing", "output"}) {
    if (manifest.contains(key)) model.metadata.emplace_back(key, json_text(manifest[key]));
  }
  const auto path = folder + "/model.onnx";
  manifest["opset"] = OnnxModel::kOpset;
  const auto* info = catalog.find("encoder", kOnnxEncoder);
  if (info == nullptr) {
    manifest["check"] = nullptr;
    manifest["not_checked"] = "no plugin with the encoder " + std::string(kOnnxEncoder) + " was found";
  } else {
    // Networks of the encoder take float32. A file that takes bytes is checked as one that takes the same
    // numbers as float32, which differs in nothing but that word.
    auto checked = model;
    checked.input.type = at::kFloat;
    write_file_atomically(path, onnx_bytes(checked));
    manifest["check"] =
        checked_network(opened(path, *info, catalog, input.with_preprocessing && input.is_picture()),
                        "OpenVINO", samples, taken, expected);
  }
  write_file_atomically(path, onnx_bytes(model));
}

}  // namespace kindred::host
