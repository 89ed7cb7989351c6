#include "annotations.hpp"

#include <matio.h>

#include <algorithm>
#include <memory>

#include "kindred/error.hpp"

namespace kindred {
namespace {

struct CloseFile {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
struct FreeVariable {
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};
using File = std::unique_ptr<mat_t, CloseFile>;
using Variable = std::unique_ptr<matvar_t, FreeVariable>;

Variable read_variable(const std::string& path, const char* name) {
  const File file(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
  if (!file) throw Error(path + " cannot be opened as a MATLAB file");
  Variable variable(Mat_VarRead(file.get(), name));
  if (!variable) throw Error(path + " has no variable `" + name + "`; is it a file of Stanford Cars?");
  return variable;
}

constexpr size_t kMostElements = 1 << 20;  // the dataset has 16,185 pictures

/// Elements of a variable, none of which lies beyond its data, whatever its header says.
size_t element_count(const std::string& path, const matvar_t* variable) {
  const bool has_data = variable->data != nullptr && variable->data_size > 0;
  const size_t held = has_data ? variable->nbytes / static_cast<size_t>(variable->data_size) : 0;
  const size_t most = std::min(held, kMostElements);
  size_t count = 1;
  for (int i = 0; i < variable->rank; ++i) {
    const size_t dimension = variable->dims[i];
    if (dimension == 0) return 0;
    count = count <= most / dimension ? count * dimension : most + 1;
  }
  if (variable->rank > 0 && count <= most) return count;
  throw Error(path + " is damaged: a variable says that it has more elements than it can have");
}

/// A scalar of whatever type MATLAB chose to store it in.
int64_t integer_of(const std::string& path, const matvar_t* variable) {
  if (variable == nullptr || variable->data == nullptr || element_count(path, variable) != 1) {
    throw Error(path + ": a number is missing in an annotation");
  }
  switch (variable->data_type) {
    case MAT_T_INT8:
      return *static_cast<const int8_t*>(variable->data);
    case MAT_T_UINT8:
      return *static_cast<const uint8_t*>(variable->data);
    case MAT_T_INT16:
      return *static_cast<const int16_t*>(variable->data);
    case MAT_T_UINT16:
      return *static_cast<const uint16_t*>(variable->data);
    case MAT_T_INT32:
      return *static_cast<const int32_t*>(variable->data);
    case MAT_T_UINT32:
      return *static_cast<const uint32_t*>(variable->data);
    case MAT_T_DOUBLE:
      return static_cast<int64_t>(*static_cast<const double*>(variable->data));
    case MAT_T_SINGLE:
      return static_cast<int64_t>(*static_cast<const float*>(variable->data));
    default:
      throw Error(path + ": an annotation holds a number of an unexpected type");
  }
}

std::string text_of(const std::string& path, const matvar_t* variable) {
  if (variable == nullptr || variable->class_type != MAT_C_CHAR)
    throw Error(path + ": a text is missing in an annotation");
  const size_t count = element_count(path, variable);
  std::string text;
  if (variable->data == nullptr) return text;
  const bool wide = variable->data_type == MAT_T_UINT16 || variable->data_type == MAT_T_UTF16;
  for (size_t i = 0; i < count; ++i) {
    const unsigned code = wide ? static_cast<const uint16_t*>(variable->data)[i]
                               : static_cast<const uint8_t*>(variable->data)[i];
    if (!wide || code < 0x80)
      text += static_cast<char>(code);
    else if (code < 0x800) {
      text += static_cast<char>(0xC0 | (code >> 6));
      text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      text += static_cast<char>(0xE0 | (code >> 12));
      text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return text;
}

/// matio itself takes for granted that a struct's names were read.
void check_field_names(const std::string& path, const matvar_t* variable) {
  char* const* names = Mat_VarGetStructFieldnames(variable);
  const unsigned count = Mat_VarGetNumberOfFields(const_cast<matvar_t*>(variable));
  for (unsigned i = 0; i < count; ++i) {
    if (names == nullptr || names[i] == nullptr)
      throw Error(path + " is damaged: a struct has a field without a name");
  }
}

}  // namespace

std::vector<CarAnnotation> read_annotations(const std::string& path) {
  const auto variable = read_variable(path, "annotations");
  if (variable->class_type != MAT_C_STRUCT) throw Error(path + ": `annotations` is no struct array");
  check_field_names(path, variable.get());
  const auto field = [&](const char* name, size_t i) {
    return Mat_VarGetStructFieldByName(variable.get(), name, i);
  };
  std::vector<CarAnnotation> all;
  const size_t count = element_count(path, variable.get());
  for (size_t i = 0; i < count; ++i) {
    CarAnnotation one;
    const bool merged = field("relative_im_path", i) != nullptr;
    one.file = text_of(path, field(merged ? "relative_im_path" : "fname", i));
    if (field("class", i) != nullptr) one.label = integer_of(path, field("class", i)) - 1;
    one.x1 = integer_of(path, field("bbox_x1", i));
    one.y1 = integer_of(path, field("bbox_y1", i));
    one.x2 = integer_of(path, field("bbox_x2", i));
    one.y2 = integer_of(path, field("bbox_y2", i));
    if (merged) one.test = integer_of(path, field("test", i)) != 0;
    all.push_back(one);
  }
  return all;
}

std::vector<std::string> read_class_names(const std::string& path) {
  const auto variable = read_variable(path, "class_names");
  if (variable->class_type != MAT_C_CELL) throw Error(path + ": `class_names` is no cell array");
  std::vector<std::string> names;
  const size_t count = element_count(path, variable.get());
  for (size_t i = 0; i < count; ++i)
    names.push_back(text_of(path, Mat_VarGetCell(variable.get(), static_cast<int>(i))));
  return names;
}

}  // namespace kindred
