#pragma once

#include <utility>

#include "kindred/dataset.hpp"
#include "kindred/params.hpp"
#include "record_table.hpp"

namespace kindred {

/// What datasets over a RecordTable share: everything about objects.
class RecordDataset : public Dataset {
 public:
  explicit RecordDataset(RecordTable table) : table_(std::move(table)) {}

  ObjectKind object_kind() const override { return table_.fields().front().kind; }
  int64_t size() const override { return table_.size(); }
  at::Tensor read(int64_t index) const override { return table_.read(index, 0); }
  at::Tensor matrix() const override { return table_.matrix(0); }
  std::vector<Field> fields() const override { return table_.fields(); }
  at::Tensor read_field(int64_t index, size_t field) const override { return table_.read(index, field); }
  at::Tensor field_matrix(size_t field) const override { return table_.matrix(field); }
  StoredObject stored(int64_t index, size_t field) const override { return table_.stored(index, field); }

 protected:
  RecordTable table_;
};

/// Declares "file", "root" and "optional" of a dataset over lines of JSON.
template <class Params>
void describe_lines(Schema<Params>& schema) {
  schema.field("file", &Params::file)
      .doc("A file with an object of JSON per line.")
      .path()
      .example("\"samples.jsonl\"")
      .required();
  schema.field("root", &Params::root)
      .doc("Where relative paths of pictures start; left out: at the folder of the file.")
      .path();
  schema.field("optional", &Params::optional)
      .doc(
          "Fields that a sample may lack or have as null. It then has an empty text, zeros, or a grey pixel, "
          "for which `resize` comes first among the transforms.");
}

}  // namespace kindred
