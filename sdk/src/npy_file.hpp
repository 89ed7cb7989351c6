#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

/// A .npy file mapped into memory: a private map, so that writing to it never changes the file.
class NpyFile {
 public:
  /// Throws Error with what the header says where it is no usable .npy file of a simple dtype in C order.
  explicit NpyFile(const std::string& path);
  ~NpyFile();
  NpyFile(const NpyFile&) = delete;
  NpyFile& operator=(const NpyFile&) = delete;

  /// NumPy's name: "<f4", "<U12".
  const std::string& dtype() const { return dtype_; }
  const std::vector<int64_t>& shape() const { return shape_; }

  /// The items. Throws Error where the file has fewer bytes than its shape promises of items of this size.
  char* items(size_t item_size) const;

  /// Throws Error: the file is not usable, for a reason.
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  void map();
  void parse_header();

  const std::string path_;
  void* map_ = nullptr;
  size_t size_ = 0;  ///< of the file
  std::string dtype_;
  std::vector<int64_t> shape_;
  size_t offset_ = 0;  ///< of the items
};

}  // namespace kindred
