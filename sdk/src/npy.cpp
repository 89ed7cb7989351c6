#include "kindred/io/npy.hpp"

#include <ATen/ATen.h>

#include <memory>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "npy_file.hpp"

// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
namespace kindred {
namespace {

struct NpyDtype {
  const char* descr;
  at::ScalarType type;
};
constexpr NpyDtype kNpyDtypes[] = {{"|b1", at::kBool},  {"|i1", at::kChar},  {"|u1", at::kByte},
                                   {"<i2", at::kShort}, {"<i4", at::kInt},   {"<i8", at::kLong},
                                   {"<f2", at::kHalf},  {"<f4", at::kFloat}, {"<f8", at::kDouble}};

at::ScalarType number_type(const NpyFile& file) {
  const auto& name = file.dtype();
  for (const auto& entry : kNpyDtypes) {
    if (name.size() == 3 && name.substr(1) == entry.descr + 1 &&
        (name[0] == entry.descr[0] || name[0] == '|' || name[0] == '=')) {
      return entry.type;
    }
  }
  const bool words = name.find('U') == 1 || name.find('S') == 1;
  file.refuse("its dtype is \"" + name + "\"" + (words ? ", which are words" : "") +
              "; expected little-endian float16, float32, float64, int8 to int64, uint8 or bool "
              "(convert with astype)");
}

}  // namespace

at::Tensor map_npy(const std::string& path) {
  auto file = std::make_shared<NpyFile>(path);
  const auto type = number_type(*file);
  auto* data = file->items(at::elementSize(type));
  return at::from_blob(
      data, file->shape(), [file](void*) {}, at::TensorOptions().dtype(type));
}

std::string npy_header(at::IntArrayRef shape, at::ScalarType dtype) {
  std::string text = "{'descr': '";
  for (const auto& entry : kNpyDtypes) {
    if (entry.type == dtype) text += entry.descr;
  }
  if (text.back() == '\'') throw Error(std::string("a .npy file cannot hold ") + at::toString(dtype));
  text += "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  text += shape.size() == 1 ? ",), }" : "), }";
  const size_t total = (10 + text.size() + 1 + 63) / 64 * 64;
  text.append(total - 10 - text.size() - 1, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

void write_npy(const std::string& path, const at::Tensor& tensor) {
  const auto values = tensor.detach().to(at::kCPU).contiguous();
  std::string bytes = npy_header(values.sizes(), values.scalar_type());
  bytes.append(static_cast<const char*>(values.data_ptr()),
               static_cast<size_t>(values.numel()) * values.element_size());
  write_file_atomically(path, bytes);
}

}  // namespace kindred
