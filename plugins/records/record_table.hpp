#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "files/json_lines.hpp"
#include "kindred/dataset.hpp"

namespace kindred {

/// The parts of samples that are objects of JSON: texts and vectors themselves, pictures by their paths.
class RecordTable {
 public:
  /// `optional` names fields; `dataset` is for messages; relative paths of pictures start at `root`. Throws
  /// Error when a field is a picture and this build cannot read any, or when `optional` names no field.
  RecordTable(std::vector<Field> fields, const std::vector<std::string>& optional, std::string root,
              const std::string& dataset);

  /// Appends the fields of `object`, which is found in `line` at `key` (empty: it is the line). Of an
  /// optional field that is missing or null the sample has an empty text, a grey pixel or zeros. Throws Error
  /// "FILE:LINE: ..." when another one is missing or one is of another kind.
  void add(const nlohmann::json& object, const JsonLine& line, const std::string& key = "");

  const std::vector<Field>& fields() const { return fields_; }
  int64_t size() const { return size_; }

  /// These do what Dataset::read_field() and Dataset::field_matrix() do; tensors keep what they need alive.
  /// add() must not be called behind the first call. [thread-safe]
  at::Tensor read(int64_t index, size_t field) const;
  at::Tensor matrix(size_t field) const;

  /// Where a picture lies; not known of texts and vectors, which are in memory.
  StoredObject stored(int64_t index, size_t field) const;

  /// Returns a line for each picture that a sample has, for Dataset::fingerprint().
  std::string image_stamps() const;

 private:
  using Numbers = std::vector<float>;
  struct Column {
    std::vector<std::string> texts;  ///< texts, or paths of pictures
    std::shared_ptr<Numbers> numbers = std::make_shared<Numbers>();
    int64_t dimension = 0;  ///< 0 until a line has numbers
    bool is_optional = false;
  };

  /// The fields that an object lacks and must have, in quotation marks.
  std::string missing_in(const nlohmann::json& object) const;
  static void add_nothing(Column& column, ObjectKind kind);
  void add_numbers(const nlohmann::json& value, Column& column, const JsonLine& line,
                   const std::string& name) const;
  at::Tensor numbers(size_t field, int64_t row, int64_t rows) const;
  std::string path_of(const std::string& file) const;
  void check_field(size_t field) const;

  std::vector<Field> fields_;
  std::string root_;
  std::vector<Column> columns_;
  int64_t size_ = 0;
};

}  // namespace kindred
