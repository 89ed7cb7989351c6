#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace kindred::pickle {

struct Value {
  enum class Kind {
    none,
    boolean,
    integer,
    real,
    text,
    list,
    tuple,
    dict,
    name,    ///< of a class or function
    object,  ///< what such a name would have made
    storage,
    tensor,
    mark
  };
  Kind kind = Kind::none;
  int64_t integer = 0;
  double real = 0;
  std::string text;           ///< text, name ("module.name"; of an object, too), or the key of a storage
  std::vector<Value*> items;  ///< elements; of a dict key, value, key, value, ...

  at::ScalarType dtype = at::kFloat;  ///< of a storage
  int64_t numel = 0;                  ///< of a storage, in elements

  Value* storage = nullptr;  ///< of a tensor
  int64_t storage_offset = 0;
  std::vector<int64_t> sizes, strides;
};

/// The bytes of a pickle, taken from the front. `what` opens every sentence: the path of the file.
class Bytes {
 public:
  Bytes(std::string what, std::string_view bytes) : what_(std::move(what)), bytes_(bytes) {}

  /// These throw Error where the bytes end before.
  std::string_view take(size_t count);
  uint64_t take_unsigned(size_t width);  ///< little-endian
  std::string take_line();

  size_t position() const { return position_; }
  size_t size() const { return bytes_.size(); }

  /// Throws Error: the file was refused.
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  std::string what_;
  std::string_view bytes_;
  size_t position_ = 0;
};

/// The values that a pickle is making. Owns every one of them in a flat store, so that neither cycles nor
/// deep nesting in a hostile file can exhaust the stack when it goes. `bytes` must outlive it.
class ValueStack {
 public:
  explicit ValueStack(const Bytes& bytes) : bytes_(bytes) {}

  /// A new value that is on no stack.
  Value* make(Value::Kind kind);
  void push(Value* value) { stack_.push_back(value); }
  Value* push_new(Value::Kind kind);

  /// These throw Error where there is none, or a mark.
  Value* top();
  Value* pop();
  /// Takes the values above the last mark off the stack, and the mark, too.
  std::vector<Value*> pop_to_mark();

  void clear() { stack_.clear(); }
  const std::deque<Value>& store() const { return store_; }

 private:
  const Bytes& bytes_;
  std::deque<Value> store_;
  std::vector<Value*> stack_;
};

}  // namespace kindred::pickle
