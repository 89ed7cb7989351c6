#include "kindred/dataset.hpp"

#include "kindred/error.hpp"

namespace kindred {
namespace {

void check_first(size_t field) {
  if (field != 0)
    throw Error("field " + std::to_string(field) + " was asked for, but the samples have one field");
}

}  // namespace

const char* object_kind_name(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::image:
      return "image";
    case ObjectKind::vector:
      return "vector";
    case ObjectKind::text:
      return "text";
  }
  return "unknown";
}

at::Tensor Dataset::read_field(int64_t index, size_t field) const {
  check_first(field);
  return read(index);
}

at::Tensor Dataset::field_matrix(size_t field) const {
  check_first(field);
  return matrix();
}

}  // namespace kindred
