#include "kindred/io/npy.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <regex>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
namespace kindred {
namespace {

struct DtypeName {
  const char* descr;
  at::ScalarType type;
};
constexpr DtypeName kDtypes[] = {{"|b1", at::kBool},  {"|i1", at::kChar},  {"|u1", at::kByte},
                                 {"<i2", at::kShort}, {"<i4", at::kInt},   {"<i8", at::kLong},
                                 {"<f2", at::kHalf},  {"<f4", at::kFloat}, {"<f8", at::kDouble}};

class Mapping {
 public:
  explicit Mapping(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file < 0 || ::fstat(file, &status) != 0) {
      const std::string reason = std::strerror(errno);
      if (file >= 0) ::close(file);
      throw Error("cannot open " + path + ": " + reason);
    }
    size = static_cast<size_t>(status.st_size);
    if (S_ISREG(status.st_mode) && size > 0) {
      data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0);
    }
    const int reason = errno;
    ::close(file);
    if (data == nullptr) throw Error(path + " is no .npy file: it is empty or not a regular file");
    if (data == MAP_FAILED) throw Error("cannot map " + path + ": " + std::strerror(reason));
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (data != nullptr && data != MAP_FAILED) ::munmap(data, size);
  }
  void* data = nullptr;
  size_t size = 0;
};

struct Header {
  at::ScalarType dtype;
  std::vector<int64_t> shape;
  size_t data_offset;
};

Header parse_header(const std::string& path, const char* bytes, size_t size) {
  const auto refuse = [&](const std::string& why) -> Error {
    return Error(path + " is no usable .npy file: " + why);
  };
  if (size < 10 || std::memcmp(bytes, "\x93NUMPY", 6) != 0) {
    throw refuse("it does not begin with the NumPy signature; write it with numpy.save");
  }
  const int major = static_cast<unsigned char>(bytes[6]);
  if (major < 1 || major > 3)
    throw refuse("its format version is " + std::to_string(major) + ", known are 1 to 3");
  const size_t prefix = major == 1 ? 10 : 12;
  size_t length = 0;
  if (size < prefix) throw refuse("it ends inside its header");
  for (size_t i = 0; i < prefix - 8; ++i)
    length |= static_cast<size_t>(static_cast<unsigned char>(bytes[8 + i])) << (8 * i);
  if (length > size - prefix || length > (1u << 20)) throw refuse("it ends inside its header");
  const std::string text(bytes + prefix, length);

  std::smatch match;
  static const std::regex descr(R"('descr'\s*:\s*'([^']*)')"), order(R"('fortran_order'\s*:\s*(True|False))"),
      shape(R"('shape'\s*:\s*\(([0-9,\s]*)\))");
  if (!std::regex_search(text, match, descr))
    throw refuse("its header names no simple dtype: " + text.substr(0, 120));
  const std::string name = match[1];
  Header header{at::kFloat, {}, prefix + length};
  bool known = false;
  for (const auto& entry : kDtypes) {
    if (name.size() == 3 && name.substr(1) == entry.descr + 1 &&
        (name[0] == entry.descr[0] || name[0] == '|' || name[0] == '=')) {
      header.dtype = entry.type;
      known = true;
    }
  }
  if (!known) {
    throw refuse("its dtype is \"" + name +
                 "\"; expected little-endian float16, float32, float64, int8 to int64, uint8 or bool "
                 "(convert with astype)");
  }
  if (!std::regex_search(text, match, order)) throw refuse("its header has no fortran_order");
  const bool fortran = match[1] == "True";
  if (!std::regex_search(text, match, shape)) throw refuse("its header has no shape");
  std::string number;
  for (const char c : std::string(match[1]) + ",") {
    if (c >= '0' && c <= '9') {
      number += c;
    } else if (!number.empty()) {
      if (number.size() > 18) throw refuse("its shape is out of range");
      header.shape.push_back(std::stoll(number));
      number.clear();
    }
  }
  if (fortran && header.shape.size() > 1) {
    throw refuse("it is in Fortran order; write it with numpy.ascontiguousarray");
  }
  return header;
}

}  // namespace

at::Tensor map_npy(const std::string& path) {
  auto mapping = std::make_shared<Mapping>(path);
  const auto header = parse_header(path, static_cast<const char*>(mapping->data), mapping->size);
  const size_t have = mapping->size - header.data_offset;
  size_t need = at::elementSize(header.dtype);
  bool empty = false;
  for (const auto n : header.shape) empty = empty || n == 0;
  for (const auto n : header.shape) {
    // An empty array is checked, too: its strides are products of the other sizes.
    const auto factor = static_cast<size_t>(std::max<int64_t>(n, 1));
    if (factor > static_cast<size_t>(std::numeric_limits<int64_t>::max()) / need) {
      throw Error(path + " is no usable .npy file: its shape is out of range");
    }
    need *= factor;
  }
  if (empty) need = 0;
  if (need > have) {
    throw Error(path + " is truncated: its header promises " + std::to_string(need) +
                " bytes of data, it has " + std::to_string(have));
  }
  auto* data = static_cast<char*>(mapping->data) + header.data_offset;
  return at::from_blob(
      data, header.shape, [mapping](void*) {}, at::TensorOptions().dtype(header.dtype));
}

std::string npy_header(at::IntArrayRef shape, at::ScalarType dtype) {
  std::string text = "{'descr': '";
  for (const auto& entry : kDtypes) {
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
