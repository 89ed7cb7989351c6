#include <ATen/ATen.h>

#include <unordered_map>

#include "kindred/encoder.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "kindred/text.hpp"

namespace kindred {
namespace {

/// The place of a text in a closed list, as a row with a single one: for colours, sizes, makers.
class OneHotEncoder final : public Encoder {
 public:
  struct Params {
    std::vector<std::string> values;
    static void describe(Schema<Params>& schema) {
      schema.field("values", &Params::values)
          .doc("All texts that may come, each once.")
          .example(R"(["shoe", "shirt", "bag"])")
          .required();
    }
  };

  explicit OneHotEncoder(Params params) : values_(std::move(params.values)) {
    if (values_.empty()) throw Error("\"values\" is empty, expected every text that may come");
    for (const auto& value : values_) {
      if (!places_.emplace(value, static_cast<int64_t>(places_.size())).second)
        throw Error("\"values\" has \"" + value + "\" twice, expected every text once");
    }
  }

  ObjectKind object_kind() const override { return ObjectKind::text; }
  int64_t dimension() const override { return static_cast<int64_t>(values_.size()); }

  /// Returns the places of the texts in the list, int64 (B).
  at::Tensor prepare(const Batch& batch, at::ScalarType) const override {
    std::vector<int64_t> places;
    for (const auto& text : texts_of(batch)) {
      const auto it = places_.find(text);
      if (it == places_.end()) {
        throw Error("the text \"" + text + "\" is none of the \"values\": expected " + listed() +
                    "; add it, or correct it in the dataset");
      }
      places.push_back(it->second);
    }
    return at::tensor(places, at::kLong).to(batch.data.device());
  }

  at::Tensor run_stages(const at::Tensor& places, int64_t, int64_t) override {
    return at::zeros({places.size(0), dimension()}, places.options().dtype(at::kFloat))
        .scatter_(1, places.unsqueeze(1), 1.0);
  }

 private:
  std::string listed() const {
    constexpr size_t kShown = 20;
    std::string text;
    for (size_t i = 0; i < values_.size() && i < kShown; ++i) {
      text += (i > 0 ? ", \"" : "\"") + values_[i] + "\"";
    }
    if (values_.size() > kShown) text += " and " + std::to_string(values_.size() - kShown) + " more";
    return text;
  }

  std::vector<std::string> values_;
  std::unordered_map<std::string, int64_t> places_;
};

}  // namespace
KINDRED_COMPONENT(Encoder, OneHotEncoder, "kindred.one_hot", "1.0.0",
                  "Texts of a closed list as one-hot rows");
}  // namespace kindred
