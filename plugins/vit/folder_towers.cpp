#include "folder_towers.hpp"

#include "folder_keys.hpp"

namespace kindred {
namespace {

/// Names that the towers of clip and siglip have in common; all begin with `before`.
StoredNames tower_names(const std::string& library, const std::string& before) {
  StoredNames names = {library,
                       {{"patch_embed.", "embeddings.patch_embedding."},
                        {"cls_token", "embeddings.class_embedding"},
                        {"positions", "embeddings.position_embedding.weight"},
                        {"pre_norm.", "pre_layrnorm."},
                        {"norm.", "post_layernorm."},
                        {"pool.probe", "head.probe"},
                        {"pool.query.", "head.attention.in_proj_"},
                        {"pool.key.", "head.attention.in_proj_"},
                        {"pool.value.", "head.attention.in_proj_"},
                        {"pool.proj.", "head.attention.out_proj."},
                        {"pool.norm.", "head.layernorm."},
                        {"pool.mlp.", "head.mlp."}},
                       before + "encoder.layers.",
                       {{"norm1.", "layer_norm1."},
                        {"norm2.", "layer_norm2."},
                        {"attn.query.", "self_attn.q_proj."},
                        {"attn.key.", "self_attn.k_proj."},
                        {"attn.value.", "self_attn.v_proj."},
                        {"attn.proj.", "self_attn.out_proj."},
                        {"mlp.", "mlp."}}};
  for (auto& [ours, theirs] : names.outside) theirs.insert(0, before);
  names.plain_tokens = true;
  return names;
}

/// `projection`: the numbers of the projected class token; 0 where there is no projection.
StoredNetwork clip(const JsonFile& file, int64_t projection) {
  auto config = common_config(file, {768, 32, "quick_gelu", 1e-5});
  config.mlp_width = size_of(file, "intermediate_size", 3072);
  config.patch_bias = false;
  config.norm_before_blocks = true;
  if (projection == 0) return {config, tower_names("Hugging Face's clip", "")};
  config.projection = projection;
  config.pooling = TokenPooling::cls_projected;
  // The matrix stands outside of the tower, so that the tower's names cannot be told from others by their
  // ends.
  auto names = tower_names("Hugging Face's clip", "vision_model.");
  names.outside.emplace_back("projection.", "visual_projection.");
  return {config, names};
}

/// The tower's part of a configuration of two towers. Old files say some of it under "vision_config_dict".
JsonFile vision_part(const JsonFile& file) {
  if (!file.has("vision_config_dict")) return file.section("vision_config");
  return file.section("vision_config").updated_by(file.section("vision_config_dict"));
}

[[noreturn]] void refuse_naflex(const JsonFile& file, const std::string& type) {
  refuse_key(file, "model_type", "\"" + type + "\"",
             "\"siglip_vision_model\"; towers of SigLIP 2 that take pictures of any shape (NaFlex) "
             "are not read, those of one size are");
}

}  // namespace

StoredNetwork siglip_tower_network(const JsonFile& file) {
  auto config = common_config(file, {768, 16, "gelu_pytorch_tanh", 1e-6});
  config.mlp_width = config.pooling_mlp_width = size_of(file, "intermediate_size", 3072);
  config.pooling_activation = config.activation;
  config.class_token = false;
  config.positions = Positions::table_of_patches;
  const bool head = file.boolean("vision_use_head", true);
  config.pooling = head ? TokenPooling::attention : TokenPooling::mean;
  return {config, tower_names("Hugging Face's siglip", ""), head};
}

StoredNetwork whole_clip_network(const JsonFile& file) {
  return clip(vision_part(file), size_of(file, "projection_dim", 512));
}

/// A tower that was stored alone has its projection where it was stored with it.
StoredNetwork clip_tower_network(const JsonFile& file) {
  bool projects = false;
  if (file.has("architectures") && file.object().at("architectures").is_array()) {
    for (const auto& one : file.object().at("architectures")) {
      projects = projects || one == "CLIPVisionModelWithProjection";
    }
  }
  return clip(file, projects ? size_of(file, "projection_dim", 512) : 0);
}

StoredNetwork whole_siglip_network(const JsonFile& file) {
  const auto part = vision_part(file);
  const bool second = file.text("model_type", "") == "siglip2";
  const auto type = part.text("model_type", second ? "siglip2_vision_model" : "siglip_vision_model");
  if (type != "siglip_vision_model") refuse_naflex(part, type);
  auto network = siglip_tower_network(part);
  network.names.outer = "vision_model.";
  return network;
}

StoredNetwork naflex_network(const JsonFile& file) { refuse_naflex(file, "siglip2_vision_model"); }

}  // namespace kindred
