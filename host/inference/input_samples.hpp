#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/data/decoders.hpp"
#include "host/inference/inference_model.hpp"
#include "kindred/dataset.hpp"
#include "kindred/inference.hpp"

namespace kindred::host {

/// Inputs as the samples of a dataset, with the fields that a model reads: an input that does not fit is a
/// sample that cannot be read. [const methods: thread-safe]
class InputSamples final : public Dataset {
 public:
  /// `inputs` and `decoders` must outlive it. Throws Error when two encoders read one field as different
  /// kinds.
  InputSamples(const std::vector<Input>& inputs, const std::vector<ReadField>& read,
               const Decoders& decoders);

  ObjectKind object_kind() const override { return fields_.front().kind; }
  int64_t size() const override { return static_cast<int64_t>(inputs_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  at::Tensor read(int64_t index) const override { return read_field(index, 0); }
  std::string sample_name(int64_t index) const override;
  std::string fingerprint() const override { return ""; }
  std::vector<Field> fields() const override { return fields_; }
  /// Throws Error with a sentence of its own for each way in which an input can be wrong.
  at::Tensor read_field(int64_t index, size_t field) const override;

 private:
  /// The object of a field. Throws Error.
  const Input& object(const Input& input, size_t field) const;
  at::Tensor pixels(const Input& input) const;
  at::Tensor text(const Input& input) const;
  at::Tensor vector(const Input& input, int64_t length) const;
  [[noreturn]] static void wrong_form(const Input& input, const char* expected);

  const std::vector<Input>& inputs_;
  const Decoders& decoders_;
  std::vector<Field> fields_;     ///< distinct
  std::vector<int64_t> lengths_;  ///< of vectors, by field; 0: any
  std::vector<int64_t> labels_;   ///< unknown
};

}  // namespace kindred::host
