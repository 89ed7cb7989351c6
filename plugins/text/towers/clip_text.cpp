#include "clip_tokenizer.hpp"
#include "kindred/plugin.hpp"
#include "tower_encoder.hpp"

namespace kindred {
namespace {

/// The text tower of a CLIP (Radford et al. 2021, section 2.4).
class ClipTextEncoder final : public TowerEncoder {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"CLIPTextModel", "CLIPTextModelWithProjection",
                                                 "CLIPTextEncoder", "OpenCLIP"};
  struct Params : TowerParams {
    static void describe(Schema<Params>& schema) {
      describe_tower(schema,
                     "A folder of a CLIP, or of its text tower, as Hugging Face gives it: config.json, "
                     "tokenizer.json or vocab.json and merges.txt, and weights, without which they are "
                     "random.",
                     "\"clip-vit-base-patch32\"");
    }
  };

  ClipTextEncoder(const Params& params, const Site& site)
      : TowerEncoder{params, read_clip_text_config(params.folder), read_clip_tokenizer(params.folder),
                     site.seed} {}
};

}  // namespace
KINDRED_COMPONENT(Encoder, ClipTextEncoder, "kindred.clip_text", "1.0.0",
                  "The text tower of a CLIP, from a Hugging Face folder");
}  // namespace kindred
