#include "stored_names.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <map>

#include "nn/tensor_list.hpp"

namespace kindred {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

bool begins_with(const std::string& text, const std::string& begin) { return text.rfind(begin, 0) == 0; }

std::string with_other_begin(const Pairs& pairs, const std::string& name) {
  for (const auto& [ours, theirs] : pairs) {
    if (begins_with(name, ours)) return theirs + name.substr(ours.size());
  }
  return "";
}

/// Says whether a tensor belongs to a task that the network was trained for, to the other tower of a pair, or
/// to a pooling that was not asked for.
bool is_not_used(const std::string& name) {
  constexpr const char* kBegins[] = {"head.",
                                     "head_dist.",
                                     "classifier.",
                                     "pooler.",
                                     "attn_pool.",
                                     "pool.",
                                     "text_model.",
                                     "text_projection.",
                                     "visual_projection.",
                                     "vision_model.head.",
                                     "logit_scale",
                                     "logit_bias"};
  for (const auto* begin : kBegins) {
    if (begins_with(name, begin)) return true;
  }
  return name.find("mask_token") != std::string::npos || name.find("position_ids") != std::string::npos;
}

/// One tensor of a file, and those of ours that stand in it one below the other.
struct Stored {
  std::string name;
  std::vector<at::Tensor> parts;
};

std::vector<Stored> stored_tensors(const std::vector<NamedTensor>& parameters, const StoredNames& names) {
  std::vector<Stored> all;
  std::map<std::string, size_t> places;
  for (const auto& one : parameters) {
    const auto name = names.of(one.name);
    if (name.empty()) continue;
    const auto [place, is_new] = places.emplace(name, all.size());
    if (is_new) all.push_back({name, {}});
    all[place->second].parts.push_back(one.tensor);
  }
  return all;
}

at::Tensor target_of(const Stored& stored) {
  if (stored.parts.size() == 1) return stored.parts.front();
  auto sizes = stored.parts.front().sizes().vec();
  sizes.front() = 0;
  for (const auto& part : stored.parts) sizes.front() += part.size(0);
  return at::empty(sizes, at::kFloat);
}

/// Tokens and positions stand in files as a batch of one.
at::Tensor shaped_as_stored(const NamedTensor& one, const StoredNames& names) {
  const bool is_token = one.name == "cls_token" || one.name == "registers" || one.name == "positions";
  const bool is_batch = (is_token && !names.plain_tokens) || one.name == "pool.probe";
  return is_batch ? one.tensor.view({1, -1, one.tensor.size(-1)}) : one.tensor;
}

}  // namespace

std::string StoredNames::of(const std::string& own) const {
  const std::string begin = "blocks.";
  if (!begins_with(own, begin)) return with_other_begin(outside, own);
  const auto dot = own.find('.', begin.size());
  const auto name = with_other_begin(inside, own.substr(dot + 1));
  return name.empty() ? "" : blocks + own.substr(begin.size(), dot + 1 - begin.size()) + name;
}

void StoredNames::leave_out(const std::string& own) {
  const auto begins = [&](const auto& pair) { return begins_with(pair.first, own); };
  outside.erase(std::remove_if(outside.begin(), outside.end(), begins), outside.end());
}

StoredNames timm_names() {
  return {"timm",
          {{"patch_embed.", "patch_embed.proj."},
           {"cls_token", "cls_token"},
           {"registers", "reg_token"},
           {"positions", "pos_embed"},
           {"pre_norm.", "norm_pre."},
           {"norm.", "norm."},
           {"pool.probe", "attn_pool.latent"},
           {"pool.query.", "attn_pool.q."},
           {"pool.key.", "attn_pool.kv."},
           {"pool.value.", "attn_pool.kv."},
           {"pool.proj.", "attn_pool.proj."},
           {"pool.norm.", "attn_pool.norm."},
           {"pool.mlp.", "attn_pool.mlp."}},
          "blocks.",
          {{"norm1.", "norm1."},
           {"norm2.", "norm2."},
           {"attn.query.", "attn.qkv."},
           {"attn.key.", "attn.qkv."},
           {"attn.value.", "attn.qkv."},
           {"attn.proj.", "attn.proj."},
           {"scale1", "ls1.gamma"},
           {"scale2", "ls2.gamma"},
           {"mlp.gate.", "mlp.fc1."},
           {"mlp.fc1.", "mlp.fc1."},
           {"mlp.fc2.", "mlp.fc2."}}};
}

StoredNames timm_dinov3_names(bool gated) {
  auto names = timm_names();
  for (auto& [ours, theirs] : names.inside) {
    if (ours == "scale1") theirs = "gamma_1";
    if (ours == "scale2") theirs = "gamma_2";
    if (ours == "mlp.gate.") theirs = "mlp.fc1_g.";
    if (ours == "mlp.fc1." && gated) theirs = "mlp.fc1_x.";
  }
  // The first that fits is taken.
  names.inside.insert(names.inside.begin(),
                      {{"attn.query.bias", "attn.q_bias"}, {"attn.value.bias", "attn.v_bias"}});
  return names;
}

StoredNames original_dinov2_names(bool gated) {
  auto names = timm_names();
  names.library = "DINOv2";
  for (auto& [ours, theirs] : names.outside) {
    if (ours == "registers") theirs = "register_tokens";
  }
  for (auto& [ours, theirs] : names.inside) {
    if (!gated) continue;
    if (ours == "mlp.gate." || ours == "mlp.fc1.") theirs = "mlp.w12.";
    if (ours == "mlp.fc2.") theirs = "mlp.w3.";
  }
  return names;
}

std::vector<std::string> load_stored(const std::string& what, const std::string& path,
                                     const std::vector<NamedTensor>& parameters, const StoredNames& names) {
  at::NoGradGuard no_grad;
  const auto stored = stored_tensors(parameters, names);
  std::vector<NamedTensor> target;
  for (const auto& one : stored) target.push_back({one.name, target_of(one)});
  auto read = read_weights(path, target);
  nn::ignore_ones(target, read.tensors);
  nn::load_read_weights(what + " in " + path, target, read, is_not_used);
  for (size_t i = 0; i < stored.size(); ++i) {
    int64_t row = 0;
    if (stored[i].parts.size() == 1) continue;
    for (const auto& part : stored[i].parts) {
      part.copy_(target[i].tensor.slice(0, row, row + part.size(0)));
      row += part.size(0);
    }
  }
  std::vector<NamedTensor> without_name;
  for (const auto& one : parameters) {
    if (names.of(one.name).empty()) without_name.push_back(one);
  }
  nn::copy_fitting_tensors(without_name, read.tensors);
  return read.notes;
}

std::vector<NamedTensor> under_stored_names(const std::vector<NamedTensor>& parameters,
                                            const StoredNames& names) {
  std::vector<NamedTensor> all;
  std::map<std::string, size_t> places;
  for (const auto& one : parameters) {
    const auto theirs = names.of(one.name);
    const auto [place, is_new] = places.emplace(theirs.empty() ? one.name : names.outer + theirs, all.size());
    const auto value = (theirs.empty() ? one.tensor : shaped_as_stored(one, names)).detach();
    if (is_new)
      all.push_back({place->first, value.clone()});
    else
      all[place->second].tensor = at::cat({all[place->second].tensor, value});
  }
  return all;
}

}  // namespace kindred
