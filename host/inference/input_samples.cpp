#include "host/inference/input_samples.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "kindred/error.hpp"
#include "kindred/finite.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/text.hpp"

namespace kindred::host {
namespace {

std::string names_of(const std::vector<Field>& fields) {
  std::string text;
  for (const auto& one : fields)
    text += fmt::format("{}\"{}\" ({})", text.empty() ? "" : ", ", one.name, object_kind_name(one.kind));
  return text;
}

/// A field without a name is the first of the dataset that the model was trained on: where another encoder
/// names one, it is that.
std::string name_of(const ReadField& field, const std::vector<ReadField>& all) {
  if (!field.name.empty()) return field.name;
  const auto named =
      std::find_if(all.begin(), all.end(), [](const ReadField& one) { return !one.name.empty(); });
  return named == all.end() ? "" : named->name;
}

/// Editors end a file with a line break, which is no part of the text.
std::string without_last_break(std::string text) {
  for (const char c : {'\n', '\r'}) {
    if (!text.empty() && text.back() == c) text.pop_back();
  }
  return text;
}

}  // namespace

InputSamples::InputSamples(const std::vector<Input>& inputs, const std::vector<ReadField>& read,
                           const Decoders& decoders)
    : inputs_(inputs), decoders_(decoders), labels_(inputs.size(), -1) {
  for (const auto& one : read) {
    const auto name = name_of(one, read);
    const auto known =
        std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; });
    if (known == fields_.end()) {
      fields_.push_back({name, one.kind});
      lengths_.push_back(one.length);
    } else if (known->kind != one.kind) {
      throw Error(fmt::format("the model's encoder {} reads the field \"{}\" as {}, another one as {}",
                              one.encoder, name, object_kind_name(one.kind), object_kind_name(known->kind)));
    } else {
      auto& length = lengths_[static_cast<size_t>(known - fields_.begin())];
      length = std::max(length, one.length);
    }
  }
}

std::string InputSamples::sample_name(int64_t index) const {
  const auto& input = inputs_[static_cast<size_t>(index)];
  return input.name_.empty() ? "input " + std::to_string(index) : input.name_;
}

const Input& InputSamples::object(const Input& input, size_t field) const {
  if (input.form_ != Input::Form::record) {
    if (fields_.size() == 1) return input;
    throw Error("the model reads records with the fields " + names_of(fields_) +
                ", but the input is a single object; give Input::record");
  }
  for (const auto& [name, object] : input.fields_) {
    if (name != fields_[field].name) continue;
    if (object.form_ == Input::Form::record)
      throw Error("the field \"" + name + "\" of the record is a record itself; expected " +
                  object_kind_name(fields_[field].kind));
    return object;
  }
  throw Error("the record has no field \"" + fields_[field].name + "\"; the model reads " +
              names_of(fields_));
}

at::Tensor InputSamples::read_field(int64_t index, size_t field) const {
  const auto& input = object(inputs_.at(static_cast<size_t>(index)), field);
  switch (fields_.at(field).kind) {
    case ObjectKind::image:
      return pixels(input);
    case ObjectKind::text:
      return text(input);
    case ObjectKind::vector:
      return vector(input, lengths_[field]);
  }
  throw Error("the model reads an object of an unknown kind");
}

at::Tensor InputSamples::pixels(const Input& input) const {
  if (input.form_ == Input::Form::file) return decoders_.decode(read_file(input.name_), input.name_);
  if (input.form_ == Input::Form::bytes) return decoders_.decode(input.content_, input.name_);
  if (input.form_ != Input::Form::image) wrong_form(input, "a picture");
  const auto bytes = static_cast<int64_t>(input.pixels_.size());
  // Divided, since a product of sizes that somebody else chose may not fit.
  const bool right = input.height_ > 0 && input.width_ > 0 && bytes % (input.height_) == 0 &&
                     bytes / input.height_ % 3 == 0 && bytes / input.height_ / 3 == input.width_;
  if (!right) {
    throw Error(fmt::format(
        "a picture of {} x {} pixels (height x width) needs three bytes for each, but {} were given",
        input.height_, input.width_, bytes));
  }
  // The input lives until the batch that is made of it.
  return at::from_blob(const_cast<uint8_t*>(input.pixels_.data()), {input.height_, input.width_, 3},
                       at::kByte);
}

at::Tensor InputSamples::text(const Input& input) const {
  if (input.form_ != Input::Form::file && input.form_ != Input::Form::text) wrong_form(input, "a text");
  const bool is_file = input.form_ == Input::Form::file;
  auto text =
      is_file ? without_last_break(text_content(read_file(input.name_), input.name_)) : input.content_;
  const auto fault = encoding_fault(text, is_file ? input.name_ : "FILE");
  if (!fault.empty()) throw Error("the text cannot be read: " + fault);
  return text_tensor(text);
}

at::Tensor InputSamples::vector(const Input& input, int64_t length) const {
  at::Tensor numbers;
  if (input.form_ == Input::Form::file) {
    numbers = map_npy(input.name_);
    if (numbers.dim() == 2 && numbers.size(0) == 1) numbers = numbers.squeeze(0);
    if (numbers.dim() != 1)
      throw Error(input.name_ + " must hold one vector; give the vectors of a matrix one by one");
    numbers = numbers.to(at::kFloat).clone();
  } else if (input.form_ == Input::Form::vector) {
    numbers = at::tensor(input.numbers_, at::kFloat);
  } else {
    wrong_form(input, "a vector");
  }
  if (numbers.numel() == 0 || (length > 0 && numbers.numel() != length)) {
    throw Error(fmt::format("the vector has {} numbers, but the model reads vectors of {}", numbers.numel(),
                            length > 0 ? std::to_string(length) : "at least one"));
  }
  if (const auto wrong = what_is_not_finite(numbers); !wrong.empty()) throw Error(wrong);
  return numbers;
}

void InputSamples::wrong_form(const Input& input, const char* expected) {
  static constexpr const char* kForms[] = {"a file", "encoded bytes", "a picture",
                                           "a text", "a vector",      "a record"};
  throw Error(fmt::format("the model reads {} here, but the input is {}", expected,
                          kForms[static_cast<size_t>(input.form_)]));
}

}  // namespace kindred::host
