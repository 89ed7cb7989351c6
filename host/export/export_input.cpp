#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "host/base/text.hpp"
#include "host/export/export_model.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// What transforms make of a grey picture: {height, width, 3}.
std::vector<int64_t> transformed_size(const TransformList& transforms, int64_t height, int64_t width) {
  return transformed(transforms, at::full({height, width, 3}, 128, at::kByte)).sizes().vec();
}

std::vector<int64_t> picture_size(const TransformList& transforms, int64_t height, int64_t width) {
  constexpr int64_t kLonger = 640, kShorter = 480;
  const auto wide = transformed_size(transforms, kShorter, kLonger),
             tall = transformed_size(transforms, kLonger, kShorter);
  if (wide != tall) {
    if (height > 0) return {height, width, 3};
    throw Error(fmt::format(
        "the model's transforms make pictures of several sizes, such as {} x {} and {} x {} pixels (width "
        "x height), and an exported network takes one; name it with --size WIDTHxHEIGHT",
        wide[1], wide[0], tall[1], tall[0]));
  }
  if (height > 0 && (height != wide[0] || width != wide[1])) {
    throw Error(fmt::format(
        "--size asks for {} x {} pixels, but the model's transforms make all pictures {} x {}; leave "
        "--size out",
        width, height, wide[1], wide[0]));
  }
  return wide;
}

}  // namespace

void leave_encoder(Servable& servable, const std::string& name) {
  auto& model = servable.model;
  const auto names = encoder_names(model);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Error("the model has no encoder \"" + name + "\"; it has " + joined(names));
  const auto place = static_cast<size_t>(found - names.begin());
  const auto part = model.encoders[place];
  model = {{part}, {}, part.dimension, part.dimension};
  auto& manifest = servable.manifest;
  manifest["encoders"] = nlohmann::json::array({manifest.at("encoders").at(place)});
  manifest["heads"] = nlohmann::json::array();
  manifest.erase("metrics");
  servable.search.unit_length.reset();
}

ExportInput export_input(const Servable& servable, ExportFormat format, int64_t height, int64_t width) {
  check_exportable(servable.model, format != ExportFormat::state_dict);
  const auto& part = servable.model.encoders.front();
  ExportInput input;
  input.kind = part.object_kind;
  if (input.is_text()) return input;
  if (input.is_picture()) {
    input.sample = picture_size(servable.transforms, height, width);
    input.normalization = normalization_of(servable.transforms);
  } else {
    // An encoder of its input's dimension gives as many numbers as it gets.
    if (part.encoder->dimension() != 0)
      throw Error("the encoder " + part.id + " does not say how many numbers its vectors have");
    input.sample = {part.dimension};
  }
  return input;
}

}  // namespace kindred::host
