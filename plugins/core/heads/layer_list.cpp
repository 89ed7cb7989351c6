#include "layer_list.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "kindred/distance.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"
#include "nn/activation.hpp"
#include "nn/dropout.hpp"
#include "nn/linear.hpp"
#include "nn/norms/batch_norm.hpp"
#include "nn/norms/layer_norm.hpp"

namespace kindred {
namespace {
using nlohmann::json;

constexpr int64_t kMostOutputs = 65536;
constexpr double kMostDropped = 0.99;

/// The layers that are named alone.
std::vector<std::string> words() {
  auto out = nn::activation_names();
  out.insert(out.end(), {"batch_norm", "layer_norm", "l2_normalize"});
  return out;
}

[[noreturn]] void refuse(size_t place, const json& entry, const std::string& hint = "") {
  auto text = json_text(entry);
  if (text.size() > 60) text = text.substr(0, 60) + "...";
  std::string names;
  for (const auto& word : words()) names += ", \"" + word + "\"";
  throw Error("sequential: entry " + std::to_string(place) + " of \"layers\", " + text + ", is no layer" +
              hint + "; a layer is {\"linear\": outputs from 1 to " + std::to_string(kMostOutputs) +
              "}, {\"dropout\": a share from 0 to 0.99}" + names);
}

ListedLayer linear(int64_t inputs, int64_t outputs, const std::string& prefix) {
  const nn::Linear layer(inputs, outputs);
  ListedLayer out{[layer](const at::Tensor& x, const auto&) { return layer(x); }, {}, {}, outputs};
  layer.append_parameters(prefix, out.parameters);
  return out;
}

ListedLayer batch_norm(int64_t width, const std::string& prefix) {
  const nn::BatchNorm norm(width);
  return {norm, norm.parameters(prefix), norm.buffers(prefix), width};
}

ListedLayer layer_norm(int64_t width, const std::string& prefix) {
  const nn::LayerNorm layer(width, 1e-5);
  ListedLayer out{[layer](const at::Tensor& x, const auto&) { return layer(x); }, {}, {}, width};
  layer.append_parameters(prefix, out.parameters);
  return out;
}

/// Makes a layer that has no tensors.
template <class Apply>
ListedLayer plain(int64_t width, Apply apply) {
  return {std::move(apply), {}, {}, width};
}

ListedLayer by_word(const json& entry, size_t place, int64_t width, const std::string& prefix) {
  const auto word = entry.get<std::string>();
  if (word == "batch_norm") return batch_norm(width, prefix);
  if (word == "layer_norm") return layer_norm(width, prefix);
  if (word == "l2_normalize")
    return plain(width, [](const at::Tensor& x, const auto&) { return l2_normalized(x); });
  const auto& activations = nn::activation_names();
  if (std::find(activations.begin(), activations.end(), word) != activations.end()) {
    const auto activation = nn::activation_from_name(word);
    return plain(width,
                 [activation](const at::Tensor& x, const auto&) { return nn::activated(x, activation); });
  }
  const auto close = closest_name(word, words());
  refuse(place, entry, close.empty() ? "" : "; did you mean \"" + close + "\"?");
}

ListedLayer by_value(const json& entry, size_t place, int64_t width, const std::string& prefix) {
  const auto& name = entry.begin().key();
  const auto& value = entry.begin().value();
  if (name == "linear" && value.is_number_integer() && value >= 1 && value <= kMostOutputs)
    return linear(width, value.get<int64_t>(), prefix);
  if (name == "dropout" && value.is_number() && value >= 0 && value <= kMostDropped) {
    const auto share = value.get<double>();
    return plain(width, [share](const at::Tensor& x, const nn::NormStatistics& statistics) {
      return nn::dropped(x, share, statistics.of_batch);
    });
  }
  refuse(place, entry);
}

}  // namespace

std::vector<ListedLayer> listed_layers(const json& list, int64_t inputs) {
  if (!list.is_array() || list.empty()) {
    throw Error(
        "sequential: \"layers\" must be a list of at least one layer, such as [{\"linear\": 256}, "
        "\"relu\", {\"linear\": 128}]");
  }
  std::vector<ListedLayer> layers;
  for (size_t place = 0; place < list.size(); ++place) {
    const auto& entry = list[place];
    const auto width = layers.empty() ? inputs : layers.back().outputs;
    const auto prefix = std::to_string(place) + ".";
    if (entry.is_string()) {
      layers.push_back(by_word(entry, place, width, prefix));
    } else if (entry.is_object() && entry.size() == 1) {
      layers.push_back(by_value(entry, place, width, prefix));
    } else {
      refuse(place, entry);
    }
  }
  return layers;
}

}  // namespace kindred
