#include "host/export/onnx_export.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <filesystem>

#include "host/contracts/contracts.hpp"
#include "host/export/onnx/onnx_graph.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/network_converter.hpp"

namespace kindred::host {
namespace {

constexpr const char* kOnnxEncoder = "kindred.onnx";

/// A network file as an encoder of pictures or vectors. Pictures come to it as float32 (B, 3, H, W).
Network opened(const std::shared_ptr<Encoder>& encoder, bool is_bytes) {
  return [encoder, is_bytes](const at::Tensor& taken) {
    at::NoGradGuard no_grad;
    // It turns them itself for a network that takes (B, H, W, 3).
    return encoder->encode({is_bytes ? taken.permute({0, 3, 1, 2}).to(at::kFloat) : taken});
  };
}

bool takes_bytes(const ExportInput& input) { return input.with_preprocessing && input.is_picture(); }

OnnxModel model_of(torch::jit::Graph& graph, const ExportInput& input, const at::Tensor& taken,
                   const at::Tensor& expected, const nlohmann::json& manifest) {
  OnnxModel model;
  model.input = {input.name(), taken.scalar_type(), taken.sizes().vec()};
  model.output = {"embedding", at::kFloat, expected.sizes().vec()};
  convert_to_onnx(graph, model);
  for (const auto* key : {"name", "input", "preprocessing", "output"}) {
    if (manifest.contains(key)) model.metadata.emplace_back(key, json_text(manifest[key]));
  }
  return model;
}

/// Networks of the encoder take float32. A file that takes bytes is checked as one that takes the same
/// numbers as float32, which differs in nothing but that word.
void write_checkable(const std::string& path, const OnnxModel& model) {
  auto checked = model;
  checked.input.type = at::kFloat;
  write_file_atomically(path, onnx_bytes(checked));
}

}  // namespace

void export_onnx(const std::string& folder, torch::jit::Graph& graph, const ExportInput& input,
                 const Catalog& catalog, const ExportSamples& samples, const at::Tensor& taken,
                 const at::Tensor& expected, nlohmann::json& manifest) {
  const auto model = model_of(graph, input, taken, expected, manifest);
  const auto path = folder + "/model.onnx";
  manifest["files"] = {"model.onnx"};
  manifest["opset"] = OnnxModel::kOpset;
  const auto* info = catalog.find("encoder", kOnnxEncoder);
  if (info == nullptr) {
    manifest["check"] = nullptr;
    manifest["not_checked"] = "no plugin with the encoder " + std::string(kOnnxEncoder) + " was found";
  } else {
    write_checkable(path, model);
    const auto encoder = create_under_contract<Encoder>(catalog, *info, {{"module", path}});
    manifest["check"] =
        checked_network(opened(encoder, takes_bytes(input)), "OpenVINO", samples, taken, expected);
  }
  write_file_atomically(path, onnx_bytes(model));
}

void export_openvino(const std::string& folder, torch::jit::Graph& graph, const ExportInput& input,
                     const Catalog& catalog, const ExportSamples& samples, const at::Tensor& taken,
                     const at::Tensor& expected, nlohmann::json& manifest) {
  const auto* info = catalog.find("encoder", kOnnxEncoder);
  if (info == nullptr) {
    throw Error("no plugin with the encoder " + std::string(kOnnxEncoder) +
                " was found, which writes OpenVINO's format; build it where PyPI's openvino is installed "
                "(docs/how-to/onnx.md), or take --to onnx, which OpenVINO reads as it is");
  }
  const auto model = model_of(graph, input, taken, expected, manifest);
  const auto onnx = folder + "/model.onnx", xml = folder + "/model.xml", bin = folder + "/model.bin";
  write_checkable(onnx, model);
  const auto reader = create_under_contract<Encoder>(catalog, *info, {{"module", onnx}});
  const auto* converter = dynamic_cast<const NetworkConverter*>(reader.get());
  if (converter == nullptr) throw Error(info->id + " writes no network files");
  converter->convert_network(onnx, xml);
  const auto written = create_under_contract<Encoder>(catalog, *info, {{"module", xml}, {"bin", bin}});
  manifest["files"] = {"model.xml", "model.bin"};
  manifest["check"] =
      checked_network(opened(written, takes_bytes(input)), "OpenVINO", samples, taken, expected);
  if (takes_bytes(input)) {
    write_file_atomically(onnx, onnx_bytes(model));
    converter->convert_network(onnx, xml);
  }
  std::filesystem::remove(onnx);
}

}  // namespace kindred::host
