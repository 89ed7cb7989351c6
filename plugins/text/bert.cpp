#include <ATen/ATen.h>

#include <filesystem>

#include "bert_network.hpp"
#include "kindred/encoder.hpp"
#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"
#include "kindred/io/published_tensors.hpp"
#include "kindred/io/weights.hpp"
#include "kindred/plugin.hpp"
#include "length_groups.hpp"
#include "sentence_folder.hpp"
#include "token_batch.hpp"
#include "tokenizer_files.hpp"

namespace kindred {
namespace {

bool begins_with(const std::string& text, const std::string& begin) { return text.rfind(begin, 0) == 0; }

/// Says whether a tensor belongs to the tasks that BERT was trained for, or is a counter that old versions
/// stored.
bool is_not_used(const std::string& name) {
  return begins_with(name, "pooler.") || begins_with(name, "cls.") || name == "embeddings.position_ids" ||
         name == "embeddings.token_type_ids";
}

/// The oldest files call the two tensors of a layer norm gamma and beta.
NamingConvention oldest_names(const std::vector<NamedTensor>& tensors) {
  const auto replace_end = [](std::string& name, const std::string& end, const std::string& by) {
    if (name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0)
      name.replace(name.size() - end.size(), end.size(), by);
  };
  NamingConvention oldest{"the first BERT", {}};
  for (const auto& one : tensors) {
    auto name = one.name;
    replace_end(name, "LayerNorm.weight", "LayerNorm.gamma");
    replace_end(name, "LayerNorm.bias", "LayerNorm.beta");
    oldest.names.emplace_back(name, one.name);
  }
  return oldest;
}

/// A BERT with its tokenizer and pooling, as sentence-transformers stores it (Reimers, Gurevych 2019).
class BertEncoder final : public Encoder, public PublishedTensors {
 public:
  static constexpr const char* kAlsoKnownAs[] = {
      "SentenceTransformer", "Transformer", "MiniLM",    "MPNet",
      "AutoModel",           "BertModel",   "bert-base", "bert-base-uncased"};
  struct Params {
    std::string folder;
    int64_t max_length = 0;
    std::string prompt;
    static void describe(Schema<Params>& schema) {
      schema.field("folder", &Params::folder)
          .doc(
              "A folder of sentence-transformers, or of a BERT, as Hugging Face gives it. Without "
              "model.safetensors and pytorch_model.bin in it: random weights.")
          .resource()
          .example("\"all-MiniLM-L6-v2\"")
          .required();
      schema.field("max_length", &Params::max_length)
          .doc("Texts are cut to so many tokens, their first and last one among them; 0: as the folder says.")
          .range(0, 1 << 24);
      schema.field("prompt", &Params::prompt)
          .doc(
              "Put before every text, such as \"query: \"; empty: the folder's default prompt, if it has "
              "one.");
    }
  };

  BertEncoder(const Params& params, const Site& site)
      : given_folder_(params.folder),
        folder_(read_sentence_folder(params.folder)),
        tokenizer_(read_tokenizer(folder_.transformer, folder_.lower_case)),
        network_(folder_.config) {
    if (tokenizer_.largest() >= folder_.config.vocabulary) {
      throw Error(folder_.transformer + " has a vocabulary with the number " +
                  std::to_string(tokenizer_.largest()) + ", but config.json says \"vocab_size\": " +
                  std::to_string(folder_.config.vocabulary) + "; they belong to two models");
    }
    if (params.max_length == 1 || params.max_length > folder_.config.positions) {
      throw Error("\"max_length\" is " + std::to_string(params.max_length) + ", expected 2 to " +
                  std::to_string(folder_.config.positions) + ", the places that " + folder_.transformer +
                  " knows, or 0 for what it says");
    }
    if (params.max_length > 0) folder_.longest = params.max_length;
    if (!params.prompt.empty()) folder_.prompt = params.prompt;
    if (!folder_.prompt.empty() && !folder_.pools_prompt) {
      throw Error(params.folder + " leaves the tokens of the prompt \"" + folder_.prompt +
                  "\" out of its pooling (\"include_prompt\": false), which this encoder does not do");
    }
    const auto weights = find_weights(folder_.transformer);
    if (weights.empty()) {
      network_.draw(site.seed);
      notes_ = {folder_.transformer + " holds no weights, so they are random"};
    } else {
      const auto own = network_.parameters();
      const auto read = read_weights(weights, own, {oldest_names(own)});
      load_named_tensors("BERT's weights in " + weights, own, read.tensors, nullptr, is_not_used);
      notes_ = read.notes;
    }
  }

  ObjectKind object_kind() const override { return ObjectKind::text; }
  int64_t dimension() const override {
    return folder_.config.hidden * static_cast<int64_t>(folder_.pooling.size());
  }
  std::vector<NamedTensor> parameters() override { return network_.parameters(); }
  std::vector<std::string> notes() const override { return notes_; }
  std::vector<NamedTensor> published_tensors() const override { return network_.parameters(); }
  std::string weights_file() const override {
    const std::filesystem::path file = std::filesystem::path(folder_.transformer) / "model.safetensors";
    return file.lexically_relative(given_folder_).string();
  }
  void train(bool on) override {
    training_ = on;
    if (on) network_.undo_preparation();
  }
  void prepare_for_inference(at::ScalarType) override { network_.prepare_for_inference(); }
  bool runs_side_by_side() const override { return true; }

  /// int64 (B, T), kNoToken where a text has ended.
  at::Tensor prepare(const Batch& batch, at::ScalarType) const override {
    return tokens_of(batch, tokenizer_, folder_.longest, folder_.prompt);
  }

  at::Tensor run_stages(const at::Tensor& tokens, int64_t, int64_t) override {
    return encoded_by_length(tokens, [this](const at::Tensor& alike) { return run(alike); });
  }

 private:
  at::Tensor run(const at::Tensor& tokens) {
    const auto present = tokens.ne(kNoToken);
    const auto ids = tokens.masked_fill(present.logical_not(), tokenizer_.padding());
    const auto rows = pooled(network_(ids, present, training_), present, folder_.pooling);
    return folder_.normalize ? unit_rows(rows) : rows;
  }

  std::string given_folder_;
  SentenceFolder folder_;
  BertTokenizer tokenizer_;
  BertNetwork network_;
  std::vector<std::string> notes_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Encoder, BertEncoder, "kindred.bert", "1.0.0",
                  "A BERT that embeds sentences, from a Hugging Face folder");
}  // namespace kindred
