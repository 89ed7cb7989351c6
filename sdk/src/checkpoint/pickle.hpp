#pragma once

#include "pickle_stack.hpp"

/// A reader of the part of Python's pickle protocol that torch.save needs: numbers, text, containers,
/// storages and tensors. It has no way to look anything up or to call anything; what names outside a short
/// list would make is a value of kind `object`, which holds that name and nothing else.
namespace kindred::pickle {

/// Reads pickles one after another from `bytes`.
class Reader {
 public:
  /// `what` opens every sentence: the path of the file.
  Reader(std::string what, std::string_view bytes) : bytes_(std::move(what), bytes), stack_(bytes_) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The next pickle. Throws Error.
  const Value& read();

  /// Where the next pickle, or what follows the last one, begins.
  size_t position() const { return bytes_.position(); }

  /// Every value met so far.
  const std::deque<Value>& values() const { return stack_.store(); }

 private:
  /// Each carries out an instruction and returns true, or returns false where it is another's.
  bool push_constant(unsigned char instruction);
  bool push_read(unsigned char instruction);
  bool use_memo(unsigned char instruction);
  bool change_container(unsigned char instruction);
  bool make_object(unsigned char instruction);

  void push_long(std::string_view bytes);
  void push_real();
  void push_name(const std::string& name);
  void push_text(size_t length_width);
  void memorize(uint64_t index);
  void set_items(Value* dict, const std::vector<Value*>& items);
  void reduce();
  Value* made_by(const Value& callable, const Value& arguments);
  Value* storage_of(const Value& id);
  Value* tensor_of(const Value& arguments);

  Bytes bytes_;
  ValueStack stack_;
  std::vector<Value*> memo_;
};

/// Makes text from a hostile file safe to print.
std::string printable(std::string_view text);

/// `dict`'s value under a text key, or null.
const Value* find(const Value& dict, std::string_view key);

}  // namespace kindred::pickle
