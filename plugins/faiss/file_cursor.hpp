#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "filled.hpp"
#include "kindred/error.hpp"

namespace kindred {

/// Numbers that lie in a file, at any address.
template <class T>
class Numbers {
 public:
  Numbers(const char* data, uint64_t count) : data_(data), count_(count) {}
  uint64_t size() const { return count_; }
  T operator[](uint64_t i) const {
    T value;
    std::memcpy(&value, data_ + i * sizeof(T), sizeof(T));
    return value;
  }

 private:
  const char* data_;
  uint64_t count_;
};

/// Goes through the bytes of a FAISS file. Whatever is asked for is compared with the bytes that are there
/// first, so nothing is read beyond the end. All methods throw Error.
class FileCursor {
 public:
  explicit FileCursor(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T take() {
    return take_all<T>(1)[0];
  }
  /// A truth value, of which FAISS reads the byte into a bool.
  bool take_bool() {
    const auto value = take<uint8_t>();
    require(value <= 1, "has {} where 0 or 1 should be", value);
    return value == 1;
  }
  /// Four letters, which say what follows.
  std::string take_name() {
    const auto letters = take_all<char>(4);
    return {letters[0], letters[1], letters[2], letters[3]};
  }
  /// So many numbers.
  template <class T>
  Numbers<T> take_all(uint64_t count) {
    require(count <= left() / sizeof(T), "ends at byte {}, and needs {} numbers of {} bytes more", at_, count,
            sizeof(T));
    const Numbers<T> numbers(bytes_.data() + at_, count);
    at_ += count * sizeof(T);
    return numbers;
  }
  /// A list that says its length. FAISS makes room for that many before it reads them.
  template <class T>
  Numbers<T> take_list() {
    return take_all<T>(take<uint64_t>());
  }
  /// A list whose length follows from what was read before.
  template <class T>
  Numbers<T> take_list(uint64_t count, const char* what) {
    const auto stated = take<uint64_t>();
    require(stated == count, "has {} {} where {} should be", stated, what, count);
    return take_all<T>(stated);
  }

  size_t left() const { return bytes_.size() - at_; }

  template <class... Values>
  static void require(bool holds, std::string_view text, const Values&... values) {
    if (!holds) throw Error(filled(text, values...));
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

}  // namespace kindred
