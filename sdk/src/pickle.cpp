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

/// Makes text from a hostile file safe to print.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 80)) out += (c >= 32 && c < 127) ? c : '?';
  return out;
}

using Kind = Value::Kind;

}  // namespace

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
  if (!is_known(name)) {
    bytes_.refuse(
        "its pickle names the Python object \"" + printable(name) +
        "\". Kindred reads tensors only and never runs what a file names; in Python, store the tensors "
        "alone with "
        "torch.save(model.state_dict(), path)");
  }
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
  if (dict->kind != Kind::dict || items.size() % 2 != 0)
    bytes_.refuse("its pickle sets items of something that is no dictionary");
  dict->items.insert(dict->items.end(), items.begin(), items.end());
}

Value* Reader::storage_of(const Value& id) {
  // ("storage", type, key, location, numel) and, in old files, a view.
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
  if (callable->kind != Kind::name || arguments->kind != Kind::tuple)
    bytes_.refuse("its pickle calls something that has no name");
  const auto& name = callable->text;
  if (name == "torch._utils._rebuild_tensor_v2") {
    stack_.push(tensor_of(*arguments));
  } else if (name == "torch._utils._rebuild_parameter") {
    if (arguments->items.empty()) bytes_.refuse("its pickle has an empty parameter");
    stack_.push(arguments->items[0]);
  } else if (name == "collections.OrderedDict" && arguments->items.empty()) {
    stack_.push_new(Kind::dict);
  } else if (name == "torch.Size" && arguments->items.size() == 1) {
    stack_.push(arguments->items[0]);
  } else {
    bytes_.refuse("its pickle calls " + printable(name) + " in a way that torch.save does not");
  }
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
    case 'a':
    case 'e': {
      const auto items = instruction == 'a' ? std::vector<Value*>{stack_.pop()} : stack_.pop_to_mark();
      auto* list = stack_.top();
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
    case 'b':
      stack_.pop();
      // state_dict() hangs module versions onto its dictionary; they carry no tensors.
      if (stack_.top()->kind != Kind::dict)
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
