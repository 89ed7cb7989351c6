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

constexpr size_t kLongestName = 1000;

/// Names under which pickle makes an object of the class that is the first argument.
constexpr const char* kMakers[] = {"copyreg._reconstructor", "copy_reg._reconstructor", "copyreg.__newobj__",
                                   "copyreg.__newobj_ex__"};

using Kind = Value::Kind;

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 80)) out += (c >= 32 && c < 127) ? c : '?';
  return out;
}

void Reader::push_long(std::string_view bytes) {
  auto* value = stack_.make(Kind::integer);
  // Longer integers occur once, as the legacy format's magic number; they are kept as their bytes.
  if (bytes.size() > 8) value->text = std::string(bytes);
  uint64_t bits = 0;
  const size_t width = bytes.size() < 8 ? bytes.size() : 8;
  for (size_t i = 0; i < width; ++i)
    bits |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  if (width > 0 && width < 8 && (static_cast<unsigned char>(bytes[width - 1]) & 0x80) != 0)
    bits |= ~uint64_t{0} << (8 * width);
  value->integer = static_cast<int64_t>(bits);
  stack_.push(value);
}

void Reader::push_name(const std::string& name) {
  // Names are copied wherever they are used; a long one would only be a way to make us allocate.
  if (name.size() > kLongestName)
    bytes_.refuse("its pickle names something in " + std::to_string(name.size()) + " letters");
  auto* value = stack_.make(Kind::name);
  value->text = name;
  stack_.push(value);
}

void Reader::push_text(size_t length_width) {
  const auto length = bytes_.take_unsigned(length_width);
  auto* value = stack_.make(Kind::text);
  value->text = std::string(bytes_.take(static_cast<size_t>(length)));
  stack_.push(value);
}

void Reader::push_real() {
  uint64_t bits = 0;  // big-endian
  for (const char c : bytes_.take(8)) bits = bits << 8 | static_cast<unsigned char>(c);
  std::memcpy(&stack_.push_new(Kind::real)->real, &bits, sizeof(bits));
}

void Reader::memorize(uint64_t index) {
  // Indices are dense in what Python writes; a far one would only be a way to make us allocate.
  if (index > bytes_.size()) bytes_.refuse("its pickle stores a value out of order");
  if (index >= memo_.size()) memo_.resize(static_cast<size_t>(index) + 1, nullptr);
  memo_[static_cast<size_t>(index)] = stack_.top();
}

void Reader::set_items(Value* dict, const std::vector<Value*>& items) {
  if (dict->kind == Kind::object) return;
  if (dict->kind != Kind::dict || items.size() % 2 != 0)
    bytes_.refuse("its pickle sets items of something that is no dictionary");
  dict->items.insert(dict->items.end(), items.begin(), items.end());
}

Value* Reader::storage_of(const Value& id) {
  // ("storage", type, key, location, numel) and, in old files, a view; whole modules have ("module", class,
  // file, source), too.
  if (id.kind == Kind::tuple && id.items.size() > 1 && id.items[0]->text == "module" &&
      id.items[1]->kind == Kind::name) {
    return id.items[1];
  }
  if (id.kind != Kind::tuple || id.items.size() < 5 || id.items[0]->text != "storage" ||
      id.items[1]->kind != Kind::name || id.items[2]->kind != Kind::text ||
      id.items[4]->kind != Kind::integer) {
    bytes_.refuse("its pickle has a persistent id that is no storage");
  }
  if (id.items.size() > 5 && id.items[5]->kind != Kind::none) {
    bytes_.refuse(
        "it uses storage views of PyTorch before 0.4; load and save it once with a current PyTorch");
  }
  auto* storage = stack_.make(Kind::storage);
  bool known = false;
  for (const auto& entry : kStorages) {
    if (id.items[1]->text == entry.name) {
      storage->dtype = entry.dtype;
      known = true;
    }
  }
  if (!known) bytes_.refuse("its pickle has a storage of unknown type " + printable(id.items[1]->text));
  storage->text = id.items[2]->text;
  storage->numel = id.items[4]->integer;
  if (storage->numel < 0) bytes_.refuse("a storage has a negative size");
  return storage;
}

Value* Reader::tensor_of(const Value& arguments) {
  const auto& items = arguments.items;
  if (items.size() < 4 || items[0]->kind != Kind::storage || items[1]->kind != Kind::integer ||
      items[2]->kind != Kind::tuple || items[3]->kind != Kind::tuple ||
      items[2]->items.size() != items[3]->items.size()) {
    bytes_.refuse("its pickle has a tensor that is not made of storage, offset, size and stride");
  }
  auto* tensor = stack_.make(Kind::tensor);
  tensor->storage = items[0];
  tensor->storage_offset = items[1]->integer;
  for (size_t i = 0; i < items[2]->items.size(); ++i) {
    tensor->sizes.push_back(items[2]->items[i]->integer);
    tensor->strides.push_back(items[3]->items[i]->integer);
  }
  return tensor;
}

void Reader::reduce() {
  auto* arguments = stack_.pop();
  auto* callable = stack_.pop();
  if (callable->kind == Kind::object) return stack_.push(callable);
  if (callable->kind != Kind::name || arguments->kind != Kind::tuple)
    bytes_.refuse("its pickle calls something that has no name");
  // A tensor of a class of its own is stored as the function that makes the tensor, the class, and the
  // function's arguments.
  if (callable->text == "torch._tensor._rebuild_from_type_v2" && arguments->items.size() > 2 &&
      arguments->items[0]->kind == Kind::name && arguments->items[2]->kind == Kind::tuple) {
    callable = arguments->items[0];
    arguments = arguments->items[2];
  }
  stack_.push(made_by(*callable, *arguments));
}

Value* Reader::made_by(const Value& callable, const Value& arguments) {
  const auto& name = callable.text;
  const auto& items = arguments.items;
  const auto refuse = [&] {
    bytes_.refuse("its pickle calls " + printable(name) + " in a way that torch.save does not");
  };
  if (name == "torch._utils._rebuild_tensor_v2") return tensor_of(arguments);
  if (name == "torch._utils._rebuild_parameter" || name == "torch._utils._rebuild_parameter_with_state") {
    if (items.empty()) bytes_.refuse("its pickle has an empty parameter");
    return items[0];
  }
  if (name == "torch.Size") {
    if (items.size() != 1) refuse();
    return items[0];
  }
  if (name == "collections.OrderedDict" || name == "collections.defaultdict") {
    if (name == "collections.OrderedDict" && !items.empty()) refuse();
    return stack_.make(Kind::dict);
  }
  auto* object = stack_.make(Kind::object);
  object->text = name;
  for (const auto* maker : kMakers) {
    if (name == maker && !items.empty() && items[0]->kind == Kind::name) object->text = items[0]->text;
  }
  return object;
}

bool Reader::push_constant(unsigned char instruction) {
  switch (instruction) {
    case '(':
      stack_.push_new(Kind::mark);
      return true;
    case '}':
      stack_.push_new(Kind::dict);
      return true;
    case ']':
    case 0x8f:  // EMPTY_SET
      stack_.push_new(Kind::list);
      return true;
    case ')':
      stack_.push_new(Kind::tuple);
      return true;
    case 'N':
      stack_.push_new(Kind::none);
      return true;
    case 0x88:  // NEWTRUE
    case 0x89:  // NEWFALSE
      stack_.push_new(Kind::boolean)->integer = instruction == 0x88;
      return true;
    default:
      return false;
  }
}

/// Numbers and texts that follow the instruction.
bool Reader::push_read(unsigned char instruction) {
  switch (instruction) {
    case 'K':  // unsigned, so that a zero goes before the sign
      push_long(std::string(bytes_.take(1)) + std::string(1, '\0'));
      return true;
    case 'M':
      push_long(std::string(bytes_.take(2)) + std::string(1, '\0'));
      return true;
    case 'J':
      push_long(bytes_.take(4));
      return true;
    case 0x8a:  // LONG1
      push_long(bytes_.take(static_cast<size_t>(bytes_.take_unsigned(1))));
      return true;
    case 0x8b:  // LONG4
      push_long(bytes_.take(static_cast<size_t>(bytes_.take_unsigned(4))));
      return true;
    case 'G':
      push_real();
      return true;
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
    case 0x8d:  // BINUNICODE8, BINBYTES8, BYTEARRAY8
    case 0x8e:
    case 0x96:
      push_text(8);
      return true;
    default:
      return false;
  }
}

bool Reader::use_memo(unsigned char instruction) {
  switch (instruction) {
    case 'q':
      memorize(bytes_.take_unsigned(1));
      return true;
    case 'r':
      memorize(bytes_.take_unsigned(4));
      return true;
    case 0x94:  // MEMOIZE
      memorize(memo_.size());
      return true;
    case 'h':
    case 'j': {
      const auto index = bytes_.take_unsigned(instruction == 'h' ? 1 : 4);
      if (index >= memo_.size() || memo_[index] == nullptr)
        bytes_.refuse("its pickle refers to a value it never stored");
      stack_.push(memo_[index]);
      return true;
    }
    default:
      return false;
  }
}

bool Reader::change_container(unsigned char instruction) {
  switch (instruction) {
    case 't':
    case 0x85:  // TUPLE1 to TUPLE3
    case 0x86:
    case 0x87: {
      std::vector<Value*> items;
      if (instruction == 't') {
        items = stack_.pop_to_mark();
      } else {
        for (int i = 0; i < instruction - 0x84; ++i) items.insert(items.begin(), stack_.pop());
      }
      stack_.push_new(Kind::tuple)->items = std::move(items);
      return true;
    }
    case 0x91: {  // FROZENSET
      auto items = stack_.pop_to_mark();
      stack_.push_new(Kind::list)->items = std::move(items);
      return true;
    }
    case 'a':
    case 'e':
    case 0x90: {  // ADDITEMS
      const auto items = instruction == 'a' ? std::vector<Value*>{stack_.pop()} : stack_.pop_to_mark();
      auto* list = stack_.top();
      if (list->kind == Kind::object) return true;
      if (list->kind != Kind::list) bytes_.refuse("its pickle appends to something that is no list");
      list->items.insert(list->items.end(), items.begin(), items.end());
      return true;
    }
    case 's': {
      auto* value = stack_.pop();
      auto* key = stack_.pop();
      set_items(stack_.top(), {key, value});
      return true;
    }
    case 'u': {
      const auto items = stack_.pop_to_mark();
      set_items(stack_.top(), items);
      return true;
    }
    default:
      return false;
  }
}

/// Names, and what is made by calling one.
bool Reader::make_object(unsigned char instruction) {
  switch (instruction) {
    case 'c': {
      const auto module = bytes_.take_line();
      push_name(module + "." + bytes_.take_line());
      return true;
    }
    case 0x93: {  // STACK_GLOBAL
      const auto* name = stack_.pop();
      const auto* module = stack_.pop();
      if (name->kind != Kind::text || module->kind != Kind::text)
        bytes_.refuse("its pickle names something by what is no text");
      push_name(module->text + "." + name->text);
      return true;
    }
    case 'Q': {
      const auto* id = stack_.pop();
      stack_.push(storage_of(*id));
      return true;
    }
    case 'R':
      reduce();
      return true;
    case 0x81:    // NEWOBJ
    case 0x92: {  // NEWOBJ_EX, whose arguments by name come last
      if (instruction == 0x92) stack_.pop();
      stack_.pop();
      const auto* type = stack_.pop();
      if (type->kind != Kind::name && type->kind != Kind::object)
        bytes_.refuse("its pickle makes an object of something that is no class");
      // What a name outside the short list would have made is kept as that name alone, and never made.
      stack_.push_new(Kind::object)->text = type->text;
      return true;
    }
    case 'b':
      stack_.pop();
      // state_dict() hangs module versions onto its dictionary; they carry no tensors. Nor is anything made
      // of what is no tensor.
      if (stack_.top()->kind != Kind::dict && stack_.top()->kind != Kind::object)
        bytes_.refuse("its pickle sets the state of something that is no dictionary");
      return true;
    case 0x80:  // PROTO
      bytes_.take(1);
      return true;
    case 0x95:  // FRAME
      bytes_.take(8);
      return true;
    default:
      return false;
  }
}

const Value& Reader::read() {
  constexpr unsigned char kStop = '.';
  stack_.clear();
  memo_.clear();
  for (;;) {
    const auto instruction = static_cast<unsigned char>(bytes_.take(1)[0]);
    if (instruction == kStop) return *stack_.pop();
    if (push_constant(instruction) || push_read(instruction) || use_memo(instruction) ||
        change_container(instruction) || make_object(instruction)) {
      continue;
    }
    bytes_.refuse("its pickle has the instruction " + std::to_string(instruction) +
                  ", which torch.save does not use for tensors");
  }
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
