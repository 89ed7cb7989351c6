#include "vision_transformer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "kindred/error.hpp"
#include "nn/initialization.hpp"

namespace kindred {
namespace {

constexpr double kInitialDeviation = 0.02;  // of weights and tokens, as timm draws them

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void check_sizes(const VisionTransformerConfig& config) {
  const auto whole = std::to_string(config.width) + " numbers of a token do not divide into " +
                     std::to_string(config.heads) + " heads";
  if (config.width % config.heads != 0) throw Error(whole + "; correct the configuration");
  if (config.positions == Positions::rotary && config.width / config.heads % 4 != 0)
    throw Error(whole + " of a multiple of four, which rotary positions need; correct the configuration");
  if (config.grid_size() < 1) {
    throw Error("a picture of " + std::to_string(config.image_size) + " pixels holds no patch of " +
                std::to_string(config.patch_size) + "; correct the configuration");
  }
  const bool takes_class = config.pooling == TokenPooling::cls ||
                           config.pooling == TokenPooling::cls_and_mean ||
                           config.pooling == TokenPooling::cls_projected;
  if (takes_class && !config.class_token) {
    throw Error(
        "the network has no class token, so that \"pooling\" can be \"mean\", \"gem\" or "
        "\"attention\" alone");
  }
}

/// The last row of maps between stages of a network with rotary positions.
at::Tensor with_grid(const at::Tensor& tokens, const PatchGrid& grid) {
  auto row = at::zeros({tokens.size(0), 1, tokens.size(2)}, tokens.options());
  row.select(2, 0).fill_(grid.rows);
  row.select(2, 1).fill_(grid.columns);
  return at::cat({tokens, row}, 1);
}

PatchGrid grid_in(const at::Tensor& tokens) {
  if (tokens.size(0) == 0) return {};
  const auto row = tokens.detach().select(0, 0).select(0, -1).slice(0, 0, 2).to(at::kCPU, at::kDouble);
  return {std::llround(row[0].item<double>()), std::llround(row[1].item<double>())};
}

}  // namespace

VisionTransformer::VisionTransformer(const VisionTransformerConfig& config)
    : config_((check_sizes(config), config)), norm_(config.width, config.epsilon), pool_(config) {
  const auto add = [this](const std::string& name, at::IntArrayRef sizes) {
    parameters_.push_back({name, at::empty(sizes, at::kFloat)});
    return parameters_.back().tensor;
  };
  patch_weight_ = add("patch_embed.weight", {config.width, 3, config.patch_size, config.patch_size});
  if (config.patch_bias) patch_bias_ = add("patch_embed.bias", {config.width});
  if (config.class_token) class_token_ = add("cls_token", {config.width});
  if (config.registers > 0) registers_ = add("registers", {config.registers, config.width});
  if (config.positions != Positions::rotary) {
    const bool of_class = config.positions == Positions::table_with_class;
    positions_ =
        add("positions", {(of_class ? 1 : 0) + config.grid_size() * config.grid_size(), config.width});
  }
  if (config.norm_before_blocks) {
    norm_before_blocks_ = nn::LayerNorm(config.width, config.epsilon);
    norm_before_blocks_.append_parameters("pre_norm.", parameters_);
  }
  for (int64_t i = 0; i < config.depth; ++i) {
    blocks_.emplace_back(config);
    blocks_.back().append_parameters("blocks." + std::to_string(i) + ".", parameters_);
  }
  norm_.append_parameters("norm.", parameters_);
  pool_.append_parameters(parameters_);
}

std::vector<std::string> VisionTransformer::stages() const {
  std::vector<std::string> names = {"embed"};
  for (int64_t i = 0; i < config_.depth; ++i) names.push_back("blocks." + std::to_string(i));
  names.insert(names.end(), {"norm", "pool"});
  return names;
}

int64_t VisionTransformer::stage_of(const std::string& name) const {
  const std::string blocks = "blocks.";
  if (name.rfind(blocks, 0) == 0) return 1 + std::stoll(name.substr(blocks.size()));
  if (name.rfind("norm.", 0) == 0) return 1 + config_.depth;
  return name.rfind("pool.", 0) == 0 || name.rfind("projection.", 0) == 0 ? 2 + config_.depth : 0;
}

PatchGrid VisionTransformer::grid_of(const at::Tensor& images) const {
  const auto height = images.size(2), width = images.size(3), patch = config_.patch_size;
  const bool filled = height > 0 && width > 0 && height % patch == 0 && width % patch == 0;
  // Some networks were trained on squares whose last pixels belong to no patch.
  const bool trained = height == config_.image_size && width == config_.image_size;
  if (!filled && !trained) {
    throw Error("a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                " pixels cannot be divided into patches of " + std::to_string(patch) + " x " +
                std::to_string(patch) + "; add a transform \"resize\" or \"center_crop\" to a multiple of " +
                std::to_string(patch) + ", or to " + std::to_string(config_.image_size) +
                ", the size that the network was trained on");
  }
  return {height / patch, width / patch};
}

at::Tensor VisionTransformer::with_positions(const at::Tensor& patches, const PatchGrid& grid) const {
  const auto dtype = patches.scalar_type();
  const auto table = [&](const at::Tensor& rows) {
    return resampled_positions(rows, grid, config_.resampling).to(dtype);
  };
  const auto batch = patches.size(0);
  std::vector<at::Tensor> parts;
  const bool of_class = config_.positions == Positions::table_with_class;
  if (config_.class_token) {
    const auto token = of_class ? class_token_ + positions_.select(0, 0) : class_token_;
    parts.push_back(token.to(dtype).expand({batch, 1, config_.width}));
  }
  if (config_.registers > 0)
    parts.push_back(registers_.to(dtype).expand({batch, config_.registers, config_.width}));
  if (config_.positions == Positions::rotary) {
    parts.push_back(patches);
  } else {
    parts.push_back(patches + table(of_class ? positions_.slice(0, 1) : positions_));
  }
  return at::cat(parts, 1);
}

at::Tensor VisionTransformer::embedded(const at::Tensor& images) const {
  const auto grid = grid_of(images);
  const auto dtype = images.scalar_type(), own = patch_weight_.scalar_type();
  const auto in_dtype = [&](const at::Tensor& x) { return x.defined() && dtype != own ? x.to(dtype) : x; };
  const auto stride = config_.patch_size;
  const auto map = at::conv2d(images, in_dtype(patch_weight_), in_dtype(patch_bias_), {stride, stride});
  auto tokens = with_positions(map.flatten(2).transpose(1, 2), grid);
  return config_.norm_before_blocks ? norm_before_blocks_(tokens) : tokens;
}

at::Tensor VisionTransformer::run_stages(const at::Tensor& input, int64_t first, int64_t last) const {
  if (first >= last) return input;
  const bool rotary = config_.positions == Positions::rotary;
  const auto blocks_end = 1 + config_.depth;
  PatchGrid grid;
  auto x = input;
  if (first == 0) {
    x = embedded(input);
    grid = grid_of(input);
  } else if (rotary) {
    grid = grid_in(x);
    x = x.slice(1, 0, x.size(1) - 1);
  }
  RotaryPositions positions;
  if (rotary && first < blocks_end)
    positions = RotaryPositions::of(grid, config_.width / config_.heads, config_.rotary_base, x.device());
  for (auto stage = std::max<int64_t>(first, 1); stage < std::min(last, blocks_end); ++stage)
    x = blocks_[static_cast<size_t>(stage - 1)](x, positions);
  if (first <= blocks_end && last > blocks_end) x = norm_(x);
  if (last > blocks_end + 1) return pool_(x);
  return rotary ? with_grid(x, grid) : x;
}

std::vector<nn::Linear*> VisionTransformer::linears() {
  auto all = pool_.linears();
  for (auto& block : blocks_) {
    for (auto* one : block.linears()) all.push_back(one);
  }
  return all;
}

void VisionTransformer::prepare_for_inference() {
  for (auto* one : linears()) one->prepare_for_inference();
}

void VisionTransformer::undo_preparation() {
  for (auto* one : linears()) one->undo_preparation();
}

void VisionTransformer::draw(uint64_t seed, bool (*chosen)(const std::string&)) const {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : parameters_) {
    if (!chosen(name)) continue;
    if (ends_with(name, "bias")) {
      tensor.zero_();
    } else if (ends_with(name, "scale1") || ends_with(name, "scale2")) {
      tensor.fill_(config_.initial_scale);
    } else if (name != "pool.power" && name.find("norm") == std::string::npos) {
      tensor.normal_(0, kInitialDeviation, nn::named_generator(seed, name));
    }
  }
}

}  // namespace kindred
