#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kindred/encoder.hpp"
#include "kindred/params.hpp"
#include "text_tokenizer.hpp"
#include "text_tower.hpp"

namespace kindred {

/// What the encoders of both kinds of towers can be told.
struct TowerParams {
  std::string folder;
  std::string prompt;

  /// `folder`: its line of documentation; `example`: of its value.
  template <typename P>
  static void describe_tower(Schema<P>& schema, const char* folder, const char* example) {
    schema.field("folder", &P::folder).doc(folder).resource().example(example).required();
    schema.field("prompt", &P::prompt).doc("Put before every text, such as \"a photo of a \".");
  }
};

/// The text tower of an image-text model with its tokenizer. Its embeddings are those that the model compares
/// with pictures, before they are divided by their norms.
class TowerEncoder : public Encoder {
 public:
  /// Throws Error where the folder's tokenizer, configuration and weights do not fit together. Without
  /// weights in the folder they are drawn from `seed`.
  TowerEncoder(const TowerParams& params, const TextTowerConfig& config,
               std::unique_ptr<TextTokenizer> tokenizer, uint64_t seed);

  ObjectKind object_kind() const override { return ObjectKind::text; }
  int64_t dimension() const override { return config_.dimension(); }
  std::vector<std::string> stages() const override { return tower_.stages(); }
  int64_t stage_of(const std::string& name) const override { return tower_.stage_of(name); }
  std::vector<NamedTensor> parameters() override { return tower_.parameters(); }
  std::vector<std::string> notes() const override { return notes_; }
  void train(bool on) override {
    if (on) tower_.undo_preparation();
  }
  void prepare_for_inference(at::ScalarType) override { tower_.prepare_for_inference(); }
  bool runs_side_by_side() const override { return true; }

  /// int64 (B, T), kNoToken where a text has ended.
  at::Tensor prepare(const Batch& batch, at::ScalarType dtype) const override;
  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    return tower_.run_stages(input, first, last, tokenizer_->padding());
  }

 private:
  TextTowerConfig config_;
  std::unique_ptr<TextTokenizer> tokenizer_;
  std::string prompt_;
  TextTower tower_;
  std::vector<std::string> notes_;
};

}  // namespace kindred
