#include "folder_families.hpp"

#include "folder_keys.hpp"

namespace kindred {
namespace {

void read_qkv_bias(const JsonFile& file, VisionTransformerConfig& config) {
  config.query_bias = config.key_bias = config.value_bias = file.boolean("qkv_bias", true);
}

/// Names that dinov2 and vit have in common.
StoredNames first_names(const std::string& library) {
  return {library,
          {{"patch_embed.", "embeddings.patch_embeddings.projection."},
           {"cls_token", "embeddings.cls_token"},
           {"registers", "embeddings.register_tokens"},
           {"positions", "embeddings.position_embeddings"},
           {"norm.", "layernorm."}},
          "encoder.layer.",
          {{"attn.query.", "attention.attention.query."},
           {"attn.key.", "attention.attention.key."},
           {"attn.value.", "attention.attention.value."},
           {"attn.proj.", "attention.output.dense."}}};
}

}  // namespace

StoredNetwork dinov2_network(const JsonFile& file, bool registers) {
  auto config = common_config(file, {768, registers ? 16 : 14, "gelu", 1e-6});
  read_qkv_bias(file, config);
  config.registers = registers ? size_of(file, "num_register_tokens", 4, 0) : 0;
  config.layer_scale = true;
  config.initial_scale = file.number("layerscale_value", 1);
  config.resampling = registers ? Resampling::antialiased : Resampling::plain;
  config.gated_mlp = file.boolean("use_swiglu_ffn", false);
  const auto ratio = file.number("mlp_ratio", 4);
  config.mlp_width = static_cast<int64_t>(static_cast<double>(config.width) * ratio);
  if (config.gated_mlp) {
    config.mlp_width = (config.mlp_width * 2 / 3 + 7) / 8 * 8;
    config.activation = nn::Activation::silu;
  }
  if (ratio <= 0 || config.mlp_width > kLargestSize)
    refuse_key(file, "mlp_ratio", std::to_string(ratio), "more than 0, such as 4");
  auto names = first_names("Hugging Face's dinov2");
  const bool gated = config.gated_mlp;
  names.inside.insert(names.inside.end(), {{"norm1.", "norm1."},
                                           {"norm2.", "norm2."},
                                           {"scale1", "layer_scale1.lambda1"},
                                           {"scale2", "layer_scale2.lambda1"},
                                           {"mlp.gate.", "mlp.weights_in."},
                                           {"mlp.fc1.", gated ? "mlp.weights_in." : "mlp.fc1."},
                                           {"mlp.fc2.", gated ? "mlp.weights_out." : "mlp.fc2."}});
  return {config, names};
}

StoredNetwork dinov3_network(const JsonFile& file) {
  auto config = common_config(file, {384, 16, "gelu", 1e-5});
  config.mlp_width = size_of(file, "intermediate_size", 1536);
  config.registers = size_of(file, "num_register_tokens", 0, 0);
  config.query_bias = file.boolean("query_bias", true);
  config.key_bias = file.boolean("key_bias", false);
  config.value_bias = file.boolean("value_bias", true);
  config.output_bias = file.boolean("proj_bias", true);
  config.mlp_bias = file.boolean("mlp_bias", true);
  config.layer_scale = true;
  config.initial_scale = file.number("layerscale_value", 1);
  config.gated_mlp = file.boolean("use_gated_mlp", false);
  config.positions = Positions::rotary;
  config.rotary_base = file.number("rope_theta", 100);
  if (config.rotary_base <= 0)
    refuse_key(file, "rope_theta", std::to_string(config.rotary_base), "more than 0");
  return {config,
          {"Hugging Face's dinov3_vit",
           {{"patch_embed.", "embeddings.patch_embeddings."},
            {"cls_token", "embeddings.cls_token"},
            {"registers", "embeddings.register_tokens"},
            {"norm.", "norm."}},
           "layer.",
           {{"norm1.", "norm1."},
            {"norm2.", "norm2."},
            {"attn.query.", "attention.q_proj."},
            {"attn.key.", "attention.k_proj."},
            {"attn.value.", "attention.v_proj."},
            {"attn.proj.", "attention.o_proj."},
            {"scale1", "layer_scale1.lambda1"},
            {"scale2", "layer_scale2.lambda1"},
            {"mlp.gate.", "mlp.gate_proj."},
            {"mlp.fc1.", "mlp.up_proj."},
            {"mlp.fc2.", "mlp.down_proj."}}}};
}

StoredNetwork plain_vit_network(const JsonFile& file) {
  auto config = common_config(file, {768, 16, "gelu", 1e-12});
  config.mlp_width = size_of(file, "intermediate_size", 3072);
  read_qkv_bias(file, config);
  auto names = first_names("Hugging Face's vit");
  names.inside.insert(names.inside.end(), {{"norm1.", "layernorm_before."},
                                           {"norm2.", "layernorm_after."},
                                           {"mlp.fc1.", "intermediate.dense."},
                                           {"mlp.fc2.", "output.dense."}});
  return {config, names};
}

}  // namespace kindred
