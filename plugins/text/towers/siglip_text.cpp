#include <filesystem>

#include "gemma_tokenizer.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "siglip_tokenizer.hpp"
#include "tower_encoder.hpp"

namespace kindred {
namespace {

/// SigLIP's pieces stand in spiece.model, SigLIP 2 has those of Gemma.
std::unique_ptr<TextTokenizer> read_tokenizer_of(const std::string& folder) {
  const auto is_there = [&](const char* name) {
    return std::filesystem::exists(std::filesystem::path(folder) / name);
  };
  if (is_there("spiece.model")) return read_siglip_tokenizer(folder);
  if (is_there("tokenizer.json")) return read_gemma_tokenizer(folder);
  throw Error(folder +
              " has neither spiece.model nor tokenizer.json, expected the tokenizer of a SigLIP in the "
              "one or of a SigLIP 2 in the other; download the folder again");
}

/// The text tower of a SigLIP (Zhai et al. 2023) or a SigLIP 2 (Tschannen et al. 2025).
class SiglipTextEncoder final : public TowerEncoder {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"SiglipTextModel", "Siglip2TextModel", "siglip2_text"};
  struct Params : TowerParams {
    static void describe(Schema<Params>& schema) {
      describe_tower(schema,
                     "A folder of a SigLIP or SigLIP 2, or of its text tower, as Hugging Face gives it: "
                     "config.json, spiece.model or Gemma's tokenizer.json, and weights, without which they "
                     "are random.",
                     "\"siglip-base-patch16-224\"");
    }
  };

  SiglipTextEncoder(const Params& params, const Site& site)
      : TowerEncoder{params, read_siglip_text_config(params.folder), read_tokenizer_of(params.folder),
                     site.seed} {}
};

}  // namespace
KINDRED_COMPONENT(Encoder, SiglipTextEncoder, "kindred.siglip_text", "1.0.0",
                  "The text tower of a SigLIP or SigLIP 2, from a Hugging Face folder");
}  // namespace kindred
