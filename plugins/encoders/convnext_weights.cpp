#include "convnext_weights.hpp"

#include <functional>
#include <utility>

namespace kindred {
namespace {

bool begins_with(const std::string& text, const std::string& begin) { return text.rfind(begin, 0) == 0; }

/// How a library names what timm calls "stem.0.", "stages.2.downsample.1." and so on.
struct Names {
  std::string library, patches, first_norm;
  std::function<std::string(int64_t stage)> reduction;  ///< what stands before "0." and "1."
  std::function<std::string(int64_t stage)> blocks;     ///< what stands before a block's number
  /// How the names inside of a block begin: timm's and theirs.
  std::vector<std::pair<std::string, std::string>> inside;
  std::string last_norm;
};

std::vector<Names> all_names() {
  const auto text = [](int64_t number) { return std::to_string(number); };
  return {{"torchvision",
           "features.0.0.",
           "features.0.1.",
           [=](int64_t stage) { return "features." + text(2 * stage) + "."; },
           [=](int64_t stage) { return "features." + text(2 * stage + 1) + "."; },
           {{"gamma", "layer_scale"},
            {"conv_dw.", "block.0."},
            {"norm.", "block.2."},
            {"mlp.fc1.", "block.3."},
            {"mlp.fc2.", "block.5."}},
           "classifier.0."},
          {"ConvNeXt's authors",
           "downsample_layers.0.0.",
           "downsample_layers.0.1.",
           [=](int64_t stage) { return "downsample_layers." + text(stage) + "."; },
           [=](int64_t stage) { return "stages." + text(stage) + "."; },
           {{"gamma", "gamma"},
            {"conv_dw.", "dwconv."},
            {"norm.", "norm."},
            {"mlp.fc1.", "pwconv1."},
            {"mlp.grn.weight", "grn.gamma"},
            {"mlp.grn.bias", "grn.beta"},
            {"mlp.fc2.", "pwconv2."}},
           "norm."},
          {"Hugging Face's convnext",
           "embeddings.patch_embeddings.",
           "embeddings.layernorm.",
           [=](int64_t stage) { return "encoder.stages." + text(stage) + ".downsampling_layer."; },
           [=](int64_t stage) { return "encoder.stages." + text(stage) + ".layers."; },
           {{"gamma", "layer_scale_parameter"},
            {"conv_dw.", "dwconv."},
            {"norm.", "layernorm."},
            {"mlp.fc1.", "pwconv1."},
            {"mlp.grn.", "grn."},
            {"mlp.fc2.", "pwconv2."}},
           "layernorm."},
          {"Hugging Face's dinov3_convnext",
           "stages.0.downsample_layers.0.",
           "stages.0.downsample_layers.1.",
           [=](int64_t stage) { return "stages." + text(stage) + ".downsample_layers."; },
           [=](int64_t stage) { return "stages." + text(stage) + ".layers."; },
           {{"gamma", "gamma"},
            {"conv_dw.", "depthwise_conv."},
            {"norm.", "layer_norm."},
            {"mlp.fc1.", "pointwise_conv1."},
            {"mlp.fc2.", "pointwise_conv2."}},
           "layer_norm."}};
}

/// `name` without `begin`, and with `other` in its place.
std::string replaced(const std::string& name, const std::string& begin, const std::string& other) {
  return other + name.substr(begin.size());
}

/// Their name of a tensor that timm calls `name`; empty where they have none.
std::string their_name(const Names& names, const std::string& name) {
  const std::string patches = "stem.0.", first_norm = "stem.1.", last_norm = "head.norm.", stages = "stages.",
                    reduction = "downsample.", blocks = "blocks.";
  if (begins_with(name, patches)) return replaced(name, patches, names.patches);
  if (begins_with(name, first_norm)) return replaced(name, first_norm, names.first_norm);
  if (begins_with(name, last_norm)) return replaced(name, last_norm, names.last_norm);
  const auto stage = std::stoll(name.substr(stages.size()));
  const auto rest = name.substr(name.find('.', stages.size()) + 1);
  if (begins_with(rest, reduction)) return replaced(rest, reduction, names.reduction(stage));
  const auto inside = rest.find('.', blocks.size()) + 1;
  for (const auto& [timm, theirs] : names.inside) {
    const auto part = rest.substr(inside);
    if (begins_with(part, timm)) {
      return names.blocks(stage) + rest.substr(blocks.size(), inside - blocks.size()) +
             replaced(part, timm, theirs);
    }
  }
  return "";
}

/// Says whether a tensor belongs to a task that the network was trained for.
bool is_unused_by_convnext(const std::string& name) {
  for (const auto* begin : {"head.", "classifier.", "norms.", "projectors.", "pool."}) {
    if (begins_with(name, begin)) return true;
  }
  return false;
}

}  // namespace

std::vector<NamingConvention> convnext_conventions(const std::vector<NamedTensor>& tensors) {
  std::vector<NamingConvention> conventions;
  for (const auto& names : all_names()) {
    NamingConvention convention{names.library, {}};
    for (const auto& one : tensors) {
      const auto theirs = their_name(names, one.name);
      if (!theirs.empty()) convention.names.emplace_back(theirs, one.name);
    }
    // A convention without names for some of them is of networks of another kind.
    if (convention.names.size() == tensors.size()) conventions.push_back(convention);
  }
  return conventions;
}

std::vector<std::string> load_convnext(const std::string& what, const std::string& path,
                                       const ConvNextNetwork& network) {
  const auto& target = network.tensors().parameters;
  auto weights = read_weights(path, target, convnext_conventions(target));
  nn::ignore_ones(target, weights.tensors);
  nn::load_read_weights(what + " weights in " + path, target, weights, is_unused_by_convnext);
  nn::copy_fitting_tensors(network.pooling_tensors(), weights.tensors);
  return weights.notes;
}

}  // namespace kindred
