#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

/// A reader of the part of Python's pickle protocol that torch.save needs: numbers, text, containers,
/// storages and tensors. It has no way to look anything up or to call anything; names outside a short
/// list are refused.
namespace kindred::pickle {

struct Value {
  enum class Kind { none, boolean, integer, real, text, list, tuple, dict, name, storage, tensor, mark };
  Kind kind = Kind::none;
  int64_t integer = 0;
  double real = 0;
  std::string text;           ///< text, name ("module.name"), or the key of a storage
  std::vector<Value*> items;  ///< elements; of a dict key, value, key, value, ...

  at::ScalarType dtype = at::kFloat;  ///< of a storage
  int64_t numel = 0;                  ///< of a storage, in elements

  Value* storage = nullptr;  ///< of a tensor
  int64_t storage_offset = 0;
  std::vector<int64_t> sizes, strides;
};

/// Reads pickles one after another from `bytes`. Owns every value in a flat store, so that neither cycles
/// nor deep nesting in a hostile file can exhaust the stack when it goes.
class Reader {
 public:
  /// `what` opens every sentence: the path of the file.
  Reader(std::string what, std::string_view bytes) : what_(std::move(what)), bytes_(bytes) {}

  /// The next pickle. Throws Error.
  const Value& read();

  /// Where the next pickle, or what follows the last one, begins.
  size_t position() const { return position_; }

  /// Every value met so far.
  const std::deque<Value>& values() const { return store_; }

 private:
  Value* make(Value::Kind kind);
  Value* pop();
  Value* top();
  std::vector<Value*> pop_to_mark();
  std::string_view take(size_t count);
  uint64_t take_unsigned(size_t width);
  std::string take_line();
  void push_long(std::string_view bytes);
  void push_name(const std::string& name);
  void push_text(size_t length_width);
  Value* recall(uint64_t index);
  void memorize(uint64_t index);
  void set_items(Value* dict, const std::vector<Value*>& items);
  void reduce();
  void build();
  Value* storage_of(const Value& id);
  Value* tensor_of(const Value& arguments);
  bool step(unsigned char opcode);
  [[noreturn]] void refuse(const std::string& why) const;

  std::string what_;
  std::string_view bytes_;
  size_t position_ = 0;
  std::deque<Value> store_;
  std::vector<Value*> stack_;
  std::vector<Value*> memo_;
};

/// `dict`'s value under a text key, or null.
const Value* find(const Value& dict, std::string_view key);

}  // namespace kindred::pickle
