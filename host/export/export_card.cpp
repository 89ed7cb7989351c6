#include "host/export/export_card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "host/export/run_file.hpp"
#include "host/export/state_dict.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// What a file of the run that a model belongs to holds; null where there is none.
json document_of_run(const std::string& model_folder, const char* name) {
  const auto path = file_of_run(model_folder, name);
  return path.empty() ? json() : json::parse(read_file(path), nullptr, false);
}

/// What stands at a JSON Pointer; null where nothing does.
json part_of(const json& document, const char* pointer) {
  const json::json_pointer place(pointer);
  return document.is_object() && document.contains(place) ? document.at(place) : json();
}

std::string head_text(const json& manifest, const ExportRequest& request) {
  const auto* task = request.input.is_picture() ? "image-feature-extraction" : "feature-extraction";
  return fmt::format(
      "---\nlicense: {}\nlibrary_name: kindred\npipeline_tag: {}\ntags:\n- similarity-learning\n- "
      "embeddings\n"
      "- {}\n---\n\n# {}\n\n",
      request.licence.empty() ? "unknown" : request.licence, task, manifest["format"].get<std::string>(),
      manifest.value("name", "A model"));
}

std::string ports_text(const json& manifest, const ExportRequest& request) {
  const auto& output = manifest["output"];
  std::string text = fmt::format(
      "It makes embeddings of {} numbers from {}, which are compared by the distance `{}`. It was trained "
      "and exported by Kindred {}.\n\n",
      json_text(output["shape"][1]), request.input.name(), output["distance"].get<std::string>(),
      manifest["kindred_version"].get<std::string>());
  if (!request.encoder.empty())
    text += "It is the encoder `" + request.encoder +
            "` of a model, without the heads that stand behind it there.\n\n";
  const auto& input = manifest["input"];
  text += fmt::format(
      "| | name | numbers | shape |\n|---|---|---|---|\n| in | `{}` | {} | {} |\n| out | `{}` | "
      "float32 | {} |\n\n",
      input["name"].get<std::string>(), input["dtype"].get<std::string>(), json_text(input["shape"]),
      output["name"].get<std::string>(), json_text(output["shape"]));
  if (!request.input.is_picture()) return text;
  const auto& before = manifest["preprocessing"];
  text += fmt::format(
      "Pictures (RGB) are brought to that size as `transforms` in `manifest.json` says. {}\n\n",
      request.input.with_preprocessing ? "Bytes go in as they are; the network normalises them."
                                       : fmt::format("Then they are normalised: {}, mean {}, std {}.",
                                                     before["formula"].get<std::string>(),
                                                     json_text(before["mean"]), json_text(before["std"])));
  return text;
}

std::string state_dict_text(const json& manifest, const ExportRequest& request) {
  const auto files = manifest["files"].get<std::vector<std::string>>();
  const auto has = [&](const std::string& name) {
    return std::any_of(files.begin(), files.end(),
                       [&](const auto& one) { return std::filesystem::path(one).filename() == name; });
  };
  std::string text = fmt::format(
      "`{0}` holds the encoder under the names of the library that its weights come from: "
      "`load_state_dict(safetensors.torch.load_file(\"{0}\"), strict=False)` of that network.",
      files.front());
  if (has("config.json")) {
    text +=
        " `config.json` came with those weights: where the names are those of transformers, "
        "`from_pretrained` of this folder opens both";
    text += request.encoder.empty() ? "." : ", by the class of the tower that this is.";
  }
  if (request.input.is_text())
    text += " Texts were cut, and a prompt put before them, as `encoder_parameters` in `manifest.json` says.";
  if (has(StateDict::kHead))
    text += fmt::format(" `{}` holds the heads behind it, which are Kindred's, under `<place>.<name>`.",
                        StateDict::kHead);
  if (has(StateDict::kBaseCard))
    text += fmt::format(" `{}` is the card of the weights that training began with.", StateDict::kBaseCard);
  return text + "\n\n";
}

std::string use_text(const json& manifest, const ExportRequest& request) {
  const auto name = request.input.name();
  switch (request.format) {
    case ExportFormat::torchscript:
      return "```python\nimport torch\nmodel = torch.jit.load(\"model.pt\")\nembeddings = model(" + name +
             ")\n```\n\n";
    case ExportFormat::onnx:
      return "```python\nimport onnxruntime\nsession = onnxruntime.InferenceSession(\"model.onnx\")\n"
             "embeddings, = session.run(None, {\"" +
             name + "\": " + name + "})\n```\n\n";
    case ExportFormat::openvino:
      return "```python\nimport openvino\nmodel = openvino.compile_model(\"model.xml\")\nembeddings = "
             "model(" +
             name + ")[0]\n```\n\n";
    case ExportFormat::state_dict:
      break;
  }
  return state_dict_text(manifest, request);
}

std::string metrics_text(const json& model) {
  const auto metrics = model.value("metrics", json::object());
  std::string rows;
  for (const auto& [side, values] : metrics.items()) {
    for (const auto& [name, value] : values.items()) {
      if (value.is_number()) rows += fmt::format("| {} | {} | {:.4f} |\n", side, name, value.get<double>());
    }
  }
  if (rows.empty()) return "";
  return "## Metrics\n\nMeasured on classes that were not trained on; `base` is the encoder before "
         "training.\n\n"
         "| model | metric | value |\n|---|---|---|\n" +
         rows + "\n";
}

std::string data_text(const json& result) {
  std::string rows;
  for (const auto* side : {"train", "validation", "test"}) {
    const auto part = part_of(result, (std::string("/data/") + side).c_str());
    if (part.is_object() && part.contains("samples"))
      rows += fmt::format("| {} | {} | {} |\n", side, json_text(part["samples"]),
                          json_text(part.value("groups", json())));
  }
  return rows.empty() ? "" : "## Data\n\n| part | samples | classes |\n|---|---|---|\n" + rows + "\n";
}

std::string recipe_text(const json& pipeline, const json& model) {
  json recipe;
  for (const auto* pointer :
       {"/seed", "/data/dataset/type", "/data/split", "/data/transforms", "/model", "/train"}) {
    const auto part = part_of(pipeline, pointer);
    if (!part.is_null()) recipe[json::json_pointer(pointer)] = part;
  }
  const bool known = !recipe.is_null();
  if (!known) {
    for (const auto* list : {"encoders", "heads"}) recipe[list] = model.value(list, json());
  }
  return std::string("## Recipe\n\n") +
         (known ? "The parts of the pipeline that decide the model:"
                : "The components of the model; the run that trained it was not beside it:") +
         "\n\n```json\n" + json_text(recipe, 2) + "\n```\n\n";
}

std::string check_text(const json& manifest) {
  const auto& check = manifest["check"];
  if (check.is_null()) return "The file was not checked: " + manifest.value("not_checked", "") + ".\n\n";
  return fmt::format(
      "Before it was handed over, the files were opened by {} and computed {} samples ({}); numbers up to "
      "{:.3g} differ from the model's own by at most {:.2g}.\n\n",
      check["runtime"].get<std::string>(), check["samples"].get<int64_t>(),
      check["source"].get<std::string>(), check["largest_value"].get<double>(),
      check["largest_difference"].get<double>());
}

}  // namespace

std::string export_card(const json& manifest, const ExportRequest& request, const json& model) {
  const auto licence =
      request.licence.empty()
          ? std::string(
                "Not stated. The licences of the weights that training began with, and of the data, hold.")
          : request.licence;
  return head_text(manifest, request) + ports_text(manifest, request) + "## Use\n\n" +
         use_text(manifest, request) + check_text(manifest) + metrics_text(model) +
         data_text(document_of_run(request.model, "result.json")) +
         recipe_text(document_of_run(request.model, "pipeline.json"), model) + "## Licence\n\n" + licence +
         "\n";
}

}  // namespace kindred::host
