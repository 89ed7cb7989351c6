#include "pickle_stack.hpp"

#include "kindred/error.hpp"

namespace kindred::pickle {

void Bytes::refuse(const std::string& why) const { throw Error(what_ + " was refused: " + why); }

std::string_view Bytes::take(size_t count) {
  if (count > bytes_.size() - position_) refuse("it ends inside its pickle; the file is truncated");
  const auto bytes = bytes_.substr(position_, count);
  position_ += count;
  return bytes;
}

uint64_t Bytes::take_unsigned(size_t width) {
  const auto bytes = take(width);
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i)
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

std::string Bytes::take_line() {
  const auto end = bytes_.find('\n', position_);
  if (end == std::string_view::npos) refuse("it ends inside its pickle; the file is truncated");
  const auto line = take(end - position_);
  position_ += 1;
  return std::string(line);
}

Value* ValueStack::make(Value::Kind kind) {
  store_.emplace_back();
  store_.back().kind = kind;
  return &store_.back();
}

Value* ValueStack::push_new(Value::Kind kind) {
  push(make(kind));
  return stack_.back();
}

Value* ValueStack::top() {
  if (stack_.empty()) bytes_.refuse("its pickle takes from an empty stack");
  return stack_.back();
}

Value* ValueStack::pop() {
  auto* value = top();
  if (value->kind == Value::Kind::mark) bytes_.refuse("its pickle has a mark where a value belongs");
  stack_.pop_back();
  return value;
}

std::vector<Value*> ValueStack::pop_to_mark() {
  size_t mark = stack_.size();
  while (mark > 0 && stack_[mark - 1]->kind != Value::Kind::mark) --mark;
  if (mark == 0) bytes_.refuse("its pickle lacks a mark");
  std::vector<Value*> items(stack_.begin() + static_cast<std::ptrdiff_t>(mark), stack_.end());
  stack_.resize(mark - 1);
  return items;
}

}  // namespace kindred::pickle
