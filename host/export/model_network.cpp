#include "host/export/model_network.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/ir/ir.h>

#include <optional>

#include "host/base/text.hpp"
#include "host/model/switch_head.hpp"
#include "kindred/error.hpp"
#include "kindred/text.hpp"

namespace kindred::host {
namespace {
namespace jit = torch::jit;
using nlohmann::json;

/// Says in a record whose operators follow.
class RecordedPart {
 public:
  explicit RecordedPart(const std::string& name) {
    if (!jit::tracer::isTracing()) return;
    auto& graph = *jit::tracer::getTracingState()->graph;
    scope_.emplace(graph, graph.current_scope()->push(c10::Symbol::scope(name)));
  }

 private:
  std::optional<jit::WithCurrentScope> scope_;
};

/// Bytes (B, H, W, 3) -> (B, 3, H, W), as normalized_images() does it, by LibTorch's operators. Made before
/// a record begins, which would hold how its tensors were made and not what they are.
class ByteNormalization {
 public:
  explicit ByteNormalization(const Normalization& normalization)
      : scale_(at::empty({1, 3, 1, 1}, at::kFloat)), shift_(at::empty({1, 3, 1, 1}, at::kFloat)) {
    for (size_t i = 0; i < 3; ++i) {
      scale_.data_ptr<float>()[i] = static_cast<float>(1 / (255 * normalization.std[i]));
      shift_.data_ptr<float>()[i] = static_cast<float>(-normalization.mean[i] / normalization.std[i]);
    }
  }
  at::Tensor operator()(const at::Tensor& bytes) const {
    return bytes.permute({0, 3, 1, 2}).to(at::kFloat) * scale_ + shift_;
  }

 private:
  at::Tensor scale_, shift_;
};

/// "1", "1 2", "1 2 3" and so on.
std::vector<at::Tensor> counting_texts(int64_t count) {
  std::vector<at::Tensor> all;
  std::string text;
  for (int64_t i = 1; i <= count; ++i) {
    text += (text.empty() ? "" : " ") + std::to_string(i);
    all.push_back(text_tensor(text));
  }
  return all;
}

}  // namespace

at::Tensor ExportInput::taken(const Batch& raw) const {
  return is_picture() && !with_preprocessing ? normalized_images(raw).contiguous() : raw.data;
}

Batch ExportInput::batch(const std::vector<at::Tensor>& samples) const {
  return is_text() ? text_batch(samples) : Batch{at::stack(samples), normalization};
}

Batch ExportInput::drawn(int64_t count) const {
  constexpr uint64_t kSeed = 20;
  constexpr int64_t kPatches = 6;
  if (is_text()) return text_batch(counting_texts(count));
  const auto generator = at::detail::createCPUGenerator(kSeed);
  if (!is_picture()) return {at::randn({count, sample.at(0)}, generator, at::kFloat)};
  const auto patches = at::rand({count, 3, kPatches, kPatches}, generator, at::kFloat);
  const auto picture = at::upsample_bilinear2d(patches, {sample.at(0), sample.at(1)}, false);
  const auto noise = at::randn(picture.sizes(), generator, at::kFloat) * 0.05;
  return {((picture + noise).clamp(0, 1) * 255).to(at::kByte).permute({0, 2, 3, 1}).contiguous(),
          normalization};
}

json ExportInput::described() const {
  if (is_text()) return {{"input", {{"name", name()}, {"dtype", "UTF-8"}, {"shape", {"batch"}}}}};
  if (!is_picture()) {
    return {{"input", {{"name", name()}, {"dtype", "float32"}, {"shape", {"batch", sample.at(0)}}}}};
  }
  json input = {{"name", name()}, {"colours", "RGB"}};
  if (with_preprocessing) {
    input["dtype"] = "uint8";
    input["layout"] = "NHWC";
    input["shape"] = {"batch", sample.at(0), sample.at(1), 3};
  } else {
    input["dtype"] = "float32";
    input["layout"] = "NCHW";
    input["shape"] = {"batch", 3, sample.at(0), sample.at(1)};
  }
  return {{"input", input},
          {"preprocessing",
           {{"included", with_preprocessing},
            {"formula", "(byte / 255 - mean) / std, by channel"},
            {"mean", normalization.mean},
            {"std", normalization.std}}}};
}

std::vector<std::string> encoder_names(const Model& model) {
  std::vector<std::string> names;
  for (const auto& part : model.encoders) names.push_back(part.name);
  return names;
}

void check_exportable(const Model& model, bool whole) {
  if (model.encoders.size() != 1) {
    throw Error(fmt::format(
        "the model joins {} encoders, which read the fields of records, and a model is exported that "
        "has one; take one of them, without the heads, by --encoder: {}",
        model.encoders.size(), joined(encoder_names(model))));
  }
  const auto& part = model.encoders.front();
  if (whole && part.object_kind == ObjectKind::text) {
    throw Error(fmt::format(
        "the encoder {} reads texts, and what divides them into words is no part of a network; export "
        "its weights to state_dict",
        part.id));
  }
  for (const auto& stage : model.heads.stages) {
    if (whole && dynamic_cast<const SwitchHead*>(stage.head.get()) != nullptr) {
      throw Error(
          "the model has a switch, which chooses heads for each sample, and an exported network has the same "
          "operators for all; export the model to state_dict");
    }
  }
}

Network network_of(const Model& model, const ExportInput& input) {
  const bool takes_bytes = input.is_picture() && input.with_preprocessing;
  return [&model, takes_bytes, normalized = ByteNormalization(input.normalization)](const at::Tensor& taken) {
    const auto& part = model.encoders.front();
    at::Tensor x = taken;
    if (takes_bytes) {
      const RecordedPart preprocessing("the preprocessing");
      x = normalized(taken);
    }
    {
      const RecordedPart encoder("the encoder " + part.id);
      x = part.encode(Batch{x});
    }
    for (const auto& stage : model.heads.stages) {
      const RecordedPart head("the head " + stage.id);
      if (!stage.bypassed) x = stage.head->forward(x);
    }
    return x;
  };
}

}  // namespace kindred::host
