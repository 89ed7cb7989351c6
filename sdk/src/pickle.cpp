#include "pickle.hpp"

#include <cstring>

#include "kindred/error.hpp"

namespace kindred::pickle {
namespace {

struct StorageName {
  const char* name;
  at::ScalarType dtype;
};
constexpr StorageName kStorages[] = {
    {"torch.FloatStorage", at::kFloat}, {"torch.DoubleStorage", at::kDouble},
    {"torch.HalfStorage", at::kHalf},   {"torch.BFloat16Storage", at::kBFloat16},
    {"torch.LongStorage", at::kLong},   {"torch.IntStorage", at::kInt},
    {"torch.ShortStorage", at::kShort}, {"torch.CharStorage", at::kChar},
    {"torch.ByteStorage", at::kByte},   {"torch.BoolStorage", at::kBool}};

constexpr const char* kCallable[] = {"torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
                                     "collections.OrderedDict", "torch.Size"};

bool is_known(const std::string& name) {
  for (const auto& storage : kStorages) {
    if (name == storage.name) return true;
  }
  for (const auto* callable : kCallable) {
    if (name == callable) return true;
  }
  return false;
}

/// Text from a hostile file, made safe to print.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 80)) out += (c >= 32 && c < 127) ? c : '?';
  return out;
}

using Kind = Value::Kind;

}  // namespace

void Reader::refuse(const std::string& why) const { throw Error(what_ + " was refused: " + why); }

Value* Reader::make(Kind kind) {
  store_.emplace_back();
  store_.back().kind = kind;
  return &store_.back();
}

Value* Reader::top() {
  if (stack_.empty()) refuse("its pickle takes from an empty stack");
  return stack_.back();
}

Value* Reader::pop() {
  auto* value = top();
  if (value->kind == Kind::mark) refuse("its pickle has a mark where a value belongs");
  stack_.pop_back();
  return value;
}

std::vector<Value*> Reader::pop_to_mark() {
  size_t mark = stack_.size();
  while (mark > 0 && stack_[mark - 1]->kind != Kind::mark) --mark;
  if (mark == 0) refuse("its pickle lacks a mark");
  std::vector<Value*> items(stack_.begin() + static_cast<std::ptrdiff_t>(mark), stack_.end());
  stack_.resize(mark - 1);
  return items;
}

std::string_view Reader::take(size_t count) {
  if (count > bytes_.size() - position_) refuse("it ends inside its pickle; the file is truncated");
  const auto bytes = bytes_.substr(position_, count);
  position_ += count;
  return bytes;
}

uint64_t Reader::take_unsigned(size_t width) {
  const auto bytes = take(width);
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i)
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

std::string Reader::take_line() {
  const auto end = bytes_.find('\n', position_);
  if (end == std::string_view::npos) refuse("it ends inside its pickle; the file is truncated");
  const auto line = take(end - position_);
  position_ += 1;
  return std::string(line);
}

void Reader::push_long(std::string_view bytes) {
  auto* value = make(Kind::integer);
  // Longer integers occur once, as the legacy format's magic number; they are kept as their bytes.
  if (bytes.size() > 8) value->text = std::string(bytes);
  uint64_t bits = 0;
  const size_t width = bytes.size() < 8 ? bytes.size() : 8;
  for (size_t i = 0; i < width; ++i)
    bits |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  if (width > 0 && width < 8 && (static_cast<unsigned char>(bytes[width - 1]) & 0x80) != 0)
    bits |= ~uint64_t{0} << (8 * width);
  value->integer = static_cast<int64_t>(bits);
  stack_.push_back(value);
}

void Reader::push_name(const std::string& name) {
  if (!is_known(name)) {
    refuse("its pickle names the Python object \"" + printable(name) +
           "\". Kindred reads tensors only and never runs what a file names; in Python, store the tensors "
           "alone with "
           "torch.save(model.state_dict(), path)");
  }
  auto* value = make(Kind::name);
  value->text = name;
  stack_.push_back(value);
}

void Reader::push_text(size_t length_width) {
  const auto length = take_unsigned(length_width);
  auto* value = make(Kind::text);
  value->text = std::string(take(static_cast<size_t>(length)));
  stack_.push_back(value);
}

Value* Reader::recall(uint64_t index) {
  if (index >= memo_.size() || memo_[index] == nullptr)
    refuse("its pickle refers to a value it never stored");
  return memo_[index];
}

void Reader::memorize(uint64_t index) {
  // Indices are dense in what Python writes; a far one would only be a way to make us allocate.
  if (index > bytes_.size()) refuse("its pickle stores a value out of order");
  if (index >= memo_.size()) memo_.resize(static_cast<size_t>(index) + 1, nullptr);
  memo_[static_cast<size_t>(index)] = top();
}

void Reader::set_items(Value* dict, const std::vector<Value*>& items) {
  if (dict->kind != Kind::dict || items.size() % 2 != 0)
    refuse("its pickle sets items of something that is no dictionary");
  dict->items.insert(dict->items.end(), items.begin(), items.end());
}

Value* Reader::storage_of(const Value& id) {
  // ("storage", type, key, location, numel) and, in old files, a view.
  if (id.kind != Kind::tuple || id.items.size() < 5 || id.items[0]->text != "storage" ||
      id.items[1]->kind != Kind::name || id.items[2]->kind != Kind::text ||
      id.items[4]->kind != Kind::integer) {
    refuse("its pickle has a persistent id that is no storage");
  }
  if (id.items.size() > 5 && id.items[5]->kind != Kind::none) {
    refuse("it uses storage views of PyTorch before 0.4; load and save it once with a current PyTorch");
  }
  auto* storage = make(Kind::storage);
  bool known = false;
  for (const auto& entry : kStorages) {
    if (id.items[1]->text == entry.name) {
      storage->dtype = entry.dtype;
      known = true;
    }
  }
  if (!known) refuse("its pickle has a storage of unknown type " + printable(id.items[1]->text));
  storage->text = id.items[2]->text;
  storage->numel = id.items[4]->integer;
  if (storage->numel < 0) refuse("a storage has a negative size");
  return storage;
}

Value* Reader::tensor_of(const Value& arguments) {
  const auto& items = arguments.items;
  if (items.size() < 4 || items[0]->kind != Kind::storage || items[1]->kind != Kind::integer ||
      items[2]->kind != Kind::tuple || items[3]->kind != Kind::tuple ||
      items[2]->items.size() != items[3]->items.size()) {
    refuse("its pickle has a tensor that is not made of storage, offset, size and stride");
  }
  auto* tensor = make(Kind::tensor);
  tensor->storage = items[0];
  tensor->storage_offset = items[1]->integer;
  for (size_t i = 0; i < items[2]->items.size(); ++i) {
    tensor->sizes.push_back(items[2]->items[i]->integer);
    tensor->strides.push_back(items[3]->items[i]->integer);
  }
  return tensor;
}

void Reader::reduce() {
  auto* arguments = pop();
  auto* callable = pop();
  if (callable->kind != Kind::name || arguments->kind != Kind::tuple)
    refuse("its pickle calls something that has no name");
  const auto& name = callable->text;
  if (name == "torch._utils._rebuild_tensor_v2") {
    stack_.push_back(tensor_of(*arguments));
  } else if (name == "torch._utils._rebuild_parameter") {
    if (arguments->items.empty()) refuse("its pickle has an empty parameter");
    stack_.push_back(arguments->items[0]);
  } else if (name == "collections.OrderedDict" && arguments->items.empty()) {
    stack_.push_back(make(Kind::dict));
  } else if (name == "torch.Size" && arguments->items.size() == 1) {
    stack_.push_back(arguments->items[0]);
  } else {
    refuse("its pickle calls " + printable(name) + " in a way that torch.save does not");
  }
}

void Reader::build() {
  pop();
  // state_dict() hangs module versions onto its dictionary; they carry no tensors.
  if (top()->kind != Kind::dict) refuse("its pickle sets the state of something that is no dictionary");
}

bool Reader::step(unsigned char opcode) {
  switch (opcode) {
    case 0x80:
      take(1);
      return true;  // PROTO
    case 0x95:
      take(8);
      return true;  // FRAME
    case '.':
      return false;  // STOP
    case '(':
      stack_.push_back(make(Kind::mark));
      return true;
    case '}':
      stack_.push_back(make(Kind::dict));
      return true;
    case ']':
      stack_.push_back(make(Kind::list));
      return true;
    case ')':
      stack_.push_back(make(Kind::tuple));
      return true;
    case 'N':
      stack_.push_back(make(Kind::none));
      return true;
    case 0x88:
    case 0x89:  // NEWTRUE, NEWFALSE
      stack_.push_back(make(Kind::boolean));
      stack_.back()->integer = opcode == 0x88;
      return true;
    case 'q':
      memorize(take_unsigned(1));
      return true;
    case 'r':
      memorize(take_unsigned(4));
      return true;
    case 0x94:
      memorize(memo_.size());
      return true;  // MEMOIZE
    case 'h':
      stack_.push_back(recall(take_unsigned(1)));
      return true;
    case 'j':
      stack_.push_back(recall(take_unsigned(4)));
      return true;
    case 'K':
      push_long(std::string(take(1)) + std::string(1, '\0'));
      return true;
    case 'M':
      push_long(std::string(take(2)) + std::string(1, '\0'));
      return true;
    case 'J':
      push_long(take(4));
      return true;
    case 0x8a:
      push_long(take(static_cast<size_t>(take_unsigned(1))));
      return true;  // LONG1
    case 'G': {     // big-endian double
      uint64_t bits = 0;
      for (const char c : take(8)) bits = bits << 8 | static_cast<unsigned char>(c);
      auto* value = make(Kind::real);
      std::memcpy(&value->real, &bits, sizeof(bits));
      stack_.push_back(value);
      return true;
    }
    case 'X':
    case 'T':
    case 'B':
      push_text(4);
      return true;
    case 0x8c:
    case 'U':
    case 'C':
      push_text(1);
      return true;
    case 'c': {
      const auto module = take_line();
      push_name(module + "." + take_line());
      return true;
    }
    case 0x93: {  // STACK_GLOBAL
      const auto* name = pop();
      const auto* module = pop();
      push_name(module->text + "." + name->text);
      return true;
    }
    case 't':
    case 0x85:
    case 0x86:
    case 0x87: {
      std::vector<Value*> items;
      if (opcode == 't')
        items = pop_to_mark();
      else
        for (int i = 0; i < opcode - 0x84; ++i) items.insert(items.begin(), pop());
      stack_.push_back(make(Kind::tuple));
      stack_.back()->items = std::move(items);
      return true;
    }
    case 'a':
    case 'e': {
      const auto items = opcode == 'a' ? std::vector<Value*>{pop()} : pop_to_mark();
      auto* list = top();
      if (list->kind != Kind::list) refuse("its pickle appends to something that is no list");
      list->items.insert(list->items.end(), items.begin(), items.end());
      return true;
    }
    case 's': {
      auto* value = pop();
      auto* key = pop();
      set_items(top(), {key, value});
      return true;
    }
    case 'u': {
      const auto items = pop_to_mark();
      set_items(top(), items);
      return true;
    }
    case 'Q': {
      const auto* id = pop();
      stack_.push_back(storage_of(*id));
      return true;
    }
    case 'R':
      reduce();
      return true;
    case 'b':
      build();
      return true;
    default:
      refuse("its pickle has the instruction " + std::to_string(opcode) +
             ", which torch.save does not use for tensors");
  }
}

const Value& Reader::read() {
  stack_.clear();
  memo_.clear();
  while (step(static_cast<unsigned char>(take(1)[0]))) {
  }
  return *pop();
}

const Value* find(const Value& dict, std::string_view key) {
  if (dict.kind != Kind::dict) return nullptr;
  const Value* found = nullptr;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (dict.items[i]->kind == Kind::text && dict.items[i]->text == key) found = dict.items[i + 1];
  }
  return found;
}

}  // namespace kindred::pickle
