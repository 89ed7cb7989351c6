#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fasttext/fasttext.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "kindred/encoder.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "kindred/text.hpp"
#include "model_file.hpp"

namespace kindred {
namespace {

/// Vectors of a text's words, from a model of fastText (Bojanowski, Grave, Joulin, Mikolov 2017), brought to
/// one embedding by their mean, least or largest. A word's vector is the mean of its own and its n-grams'
/// (ibid., section 3.2, sums them); an unknown word has its n-grams' alone. Never trained.
class FastTextEncoder final : public Encoder {
 public:
  struct Params {
    std::string model;
    std::vector<std::string> aggregations = {"avg"};
    static void describe(Schema<Params>& schema) {
      schema.field("model", &Params::model)
          .doc("Model file that fastText wrote, .bin.")
          .resource()
          .example("\"model.bin\"")
          .required();
      schema.field("aggregations", &Params::aggregations)
          .doc("\"avg\", \"min\" and \"max\" over the words of a text; several stand beside each other.")
          .one_of({"avg", "min", "max"});
    }
  };

  explicit FastTextEncoder(const Params& params) : aggregations_(params.aggregations) {
    if (aggregations_.empty())
      throw Error("fasttext: \"aggregations\" is empty; name \"avg\", \"min\" or \"max\"");
    check_fasttext_file(params.model);
    model_.loadModel(params.model);
    words_ = model_.getDictionary();
    vectors_ = model_.getInputMatrix();
    check_vectors(params.model);
  }

  ObjectKind object_kind() const override { return ObjectKind::text; }
  int64_t dimension() const override { return width() * static_cast<int64_t>(aggregations_.size()); }

  /// float32 (B, D): there is nothing to compute behind it.
  at::Tensor prepare(const Batch& batch, at::ScalarType) const override {
    const auto texts = texts_of(batch);
    const auto rows = at::zeros({static_cast<int64_t>(texts.size()), dimension()}, at::kFloat);
    auto* out = rows.data_ptr<float>();
    at::parallel_for(0, rows.size(0), 64, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        write_embedding(texts[static_cast<size_t>(i)], out + i * dimension());
    });
    return rows.to(batch.data.device());
  }

  at::Tensor run_stages(const at::Tensor& input, int64_t, int64_t) override { return input; }

 private:
  /// Throws Error that names the word whose vector is not finite.
  void check_vectors(const std::string& path) const {
    const int64_t count = vectors_->size(0), width = vectors_->size(1);
    for (int64_t row = 0; row < count; ++row) {
      for (int64_t i = 0; i < width; ++i) {
        if (std::isfinite(vectors_->at(row, i))) continue;
        const bool is_word = row < words_->nwords();
        throw Error(path + " cannot be used: the vector of " +
                    (is_word ? "the word \"" + words_->getWord(static_cast<int32_t>(row)) + "\""
                             : "the n-grams in bucket " + std::to_string(row - words_->nwords())) +
                    " holds a number that is not finite; take another copy of the file, or train it anew");
      }
    }
  }

  int64_t width() const { return model_.getDimension(); }

  /// Words stand between white space, as fastText reads them. A text without known words stays at zero.
  void write_embedding(const std::string& text, float* out) const {
    const std::string space(" \n\r\t\v\f\0", 7);
    const auto size = static_cast<size_t>(width());
    std::vector<float> sum(size), least(size), largest(size);
    fasttext::Vector word(width());
    int64_t count = 0;
    for (size_t begin = text.find_first_not_of(space); begin != std::string::npos;) {
      const auto end = std::min(text.find_first_of(space, begin), text.size());
      const auto token = text.substr(begin, end - begin);
      begin = text.find_first_not_of(space, end);
      if (!find_vector(token, word)) continue;
      for (size_t i = 0; i < size; ++i) {
        const float value = word[static_cast<int64_t>(i)];
        sum[i] += value;
        least[i] = count == 0 ? value : std::min(least[i], value);
        largest[i] = count == 0 ? value : std::max(largest[i], value);
      }
      ++count;
    }
    if (count == 0) return;
    for (auto& value : sum) value /= static_cast<float>(count);
    for (const auto& name : aggregations_) {
      const auto& chosen = name == "avg" ? sum : name == "min" ? least : largest;
      out = std::copy(chosen.begin(), chosen.end(), out);
    }
  }

  /// Does what FastText::getWordVector() does, but returns false where neither the word nor an n-gram of it
  /// has a vector, and for a classifier's labels, which are no words.
  bool find_vector(const std::string& token, fasttext::Vector& out) const {
    if (words_->getId(token) >= words_->nwords()) return false;
    const auto rows = words_->getSubwords(token);
    if (rows.empty()) return false;
    out.zero();
    for (const auto row : rows) out.addRow(*vectors_, row);
    out.mul(1.0F / static_cast<float>(rows.size()));
    return true;
  }

  std::vector<std::string> aggregations_;
  fasttext::FastText model_;
  std::shared_ptr<const fasttext::Dictionary> words_;
  std::shared_ptr<const fasttext::DenseMatrix> vectors_;
};

}  // namespace
KINDRED_COMPONENT(Encoder, FastTextEncoder, "kindred.fasttext", "1.0.0",
                  "Texts by the vectors of their words, from a model of fastText");
}  // namespace kindred
