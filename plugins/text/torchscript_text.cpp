#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <sstream>

#include "kindred/encoder.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "length_groups.hpp"
#include "nn/script_module.hpp"
#include "pooling.hpp"
#include "token_batch.hpp"
#include "tokenizer_files.hpp"

namespace kindred {
namespace {

/// A traced or scripted module behind BERT's tokenizer: it maps tokens (B, T) and a mask (B, T), both int64,
/// to embeddings (B, D), or to states of tokens (B, T, D), whose mean is taken.
class TorchScriptTextEncoder final : public Encoder {
 public:
  struct Params {
    std::string module, vocabulary;
    bool lower_case = true;
    int64_t max_length = 256;
    int64_t dimension = 0;
    static void describe(Schema<Params>& schema) {
      schema.field("module", &Params::module)
          .doc("File written by torch.jit.save.")
          .resource()
          .example("\"encoder.pt\"")
          .required();
      schema.field("vocabulary", &Params::vocabulary)
          .doc("vocab.txt of a BERT: one token on each line.")
          .resource()
          .example("\"vocab.txt\"")
          .required();
      schema.field("lower_case", &Params::lower_case)
          .doc("Makes letters small and drops their accents, as models called uncased need it.");
      schema.field("max_length", &Params::max_length)
          .doc("Texts are cut to so many tokens, their first and last one among them.")
          .range(2, 1 << 20);
      schema.field("dimension", &Params::dimension)
          .doc("D of its embeddings; 0 finds it by running an empty text.")
          .range(0, 1 << 20);
    }
  };

  explicit TorchScriptTextEncoder(const Params& params)
      : tokenizer_(settings_of(params)),
        longest_(params.max_length),
        module_(nn::load_script_module(params.module)),
        dimension_(params.dimension) {
    if (dimension_ == 0) dimension_ = probed_dimension(params.module);
  }

  ObjectKind object_kind() const override { return ObjectKind::text; }
  int64_t dimension() const override { return dimension_; }
  void train(bool on) override { module_.train(on); }

  /// int64 (B, T), kNoToken where a text has ended.
  at::Tensor prepare(const Batch& batch, at::ScalarType) const override {
    return tokens_of(batch, tokenizer_, longest_);
  }

  at::Tensor run_stages(const at::Tensor& tokens, int64_t, int64_t) override {
    return encoded_by_length(tokens, [this](const at::Tensor& alike) { return run(alike); });
  }

  std::vector<NamedTensor> parameters() override { return nn::script_parameters(module_); }
  std::vector<NamedTensor> buffers() override { return nn::script_buffers(module_); }

 private:
  at::Tensor run(const at::Tensor& tokens) {
    const auto present = tokens.ne(kNoToken);
    const auto ids = tokens.masked_fill(present.logical_not(), tokenizer_.padding());
    const auto rows = nn::run_script_module(module_, {ids, present.to(at::kLong)});
    const bool of_tokens = rows.dim() == 3 && rows.size(1) == tokens.size(1);
    if ((rows.dim() != 2 && !of_tokens) || rows.size(0) != tokens.size(0)) {
      std::ostringstream shapes;
      shapes << tokens.sizes() << " to " << rows.sizes();
      throw Error("the TorchScript module maps tokens " + shapes.str() + ", expected (B, D) or (B, T, D)");
    }
    return of_tokens ? pooled(rows, present, {Pooling::mean}) : rows;
  }

  static TokenizerSettings settings_of(const Params& params) {
    TokenizerSettings settings;
    settings.vocabulary = read_vocabulary(params.vocabulary);
    settings.normalizer.lower_case = params.lower_case;
    settings.literal = {"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"};
    return settings;
  }

  int64_t probed_dimension(const std::string& path) {
    at::NoGradGuard no_grad;
    try {
      const Batch empty{at::zeros({1, 0}, at::kByte), {}, at::zeros({1}, at::kLong)};
      return encode(empty).size(1);
    } catch (const std::exception& error) {
      throw Error(path +
                  " cannot encode an empty text; set \"dimension\", or trace it for tokens and a mask: " +
                  nn::first_line(error.what()));
    }
  }

  BertTokenizer tokenizer_;
  int64_t longest_;
  torch::jit::Module module_;
  int64_t dimension_;
};

}  // namespace
KINDRED_COMPONENT(Encoder, TorchScriptTextEncoder, "kindred.torchscript_text", "1.0.0",
                  "A traced or scripted PyTorch module for text");
}  // namespace kindred
