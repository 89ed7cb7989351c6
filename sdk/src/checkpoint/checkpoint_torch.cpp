#include <ATen/ATen.h>
#include <caffe2/serialize/inline_container.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "checkpoint_format.hpp"
#include "kindred/error.hpp"
#include "pickle.hpp"

namespace kindred {
namespace {

using pickle::Value;
using Storages = std::map<std::string, at::Tensor>;

constexpr int kDeepestWrapper = 4;  // of dictionaries in dictionaries

/// One of the dictionaries in a file that hold tensors.
struct TensorDict {
  std::string name;  ///< the keys that lead to it, joined by dots; "": the outermost one
  const Value* dict;
};

/// What a file that a training script wrote holds: {"state_dict": {...}, "epoch": 3, "args": ...}.
class Wrappers {
 public:
  explicit Wrappers(std::string path) : path_(std::move(path)) {}

  /// Looks for dictionaries that hold tensors. Below one nothing more is looked for.
  void visit(const Value& dict, const std::string& name, int depth) {
    if (depth > kDeepestWrapper || !visited_.insert(&dict).second) return;
    bool has_tensors = false;
    for_each(dict, [&](const std::string&, const Value& value) {
      has_tensors = has_tensors || value.kind == Value::Kind::tensor;
    });
    if (has_tensors) found_.push_back({name, &dict});
    for_each(dict, [&](const std::string& key, const Value& value) {
      const auto full = name.empty() ? key : name + "." + key;
      if (value.kind == Value::Kind::object) objects_.push_back({full, &value});
      if (value.kind == Value::Kind::dict && !has_tensors) visit(value, full, depth + 1);
    });
  }

  const std::vector<TensorDict>& found() const { return found_; }

  /// Sentences about the Python objects that were met.
  std::vector<std::string> skipped() const {
    std::vector<std::string> notes;
    for (const auto& [key, value] : objects_) {
      notes.push_back(path_ + " holds the Python object " + pickle::printable(value->text) + " under \"" +
                      pickle::printable(key) + "\", which was skipped and not run");
    }
    return notes;
  }

 private:
  template <class Action>
  static void for_each(const Value& dict, Action action) {
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      if (dict.items[i]->kind == Value::Kind::text) action(dict.items[i]->text, *dict.items[i + 1]);
    }
  }

  std::string path_;
  std::set<const Value*> visited_;
  std::vector<TensorDict> found_;
  std::vector<std::pair<std::string, const Value*>> objects_;
};

Error no_tensors(const std::string& path, const Value& root, const Wrappers& wrappers) {
  const std::string advice =
      "Kindred reads tensors only and never runs what a file names; in Python, store the tensors alone with "
      "torch.save(model.state_dict(), path)";
  if (root.kind == Value::Kind::object || root.kind == Value::Kind::name) {
    return Error(path + " was refused: its pickle names the Python object \"" + pickle::printable(root.text) +
                 "\" where a dictionary of tensors is expected. " + advice);
  }
  if (root.kind != Value::Kind::dict) {
    return Error(path +
                 " was refused: it holds no dictionary of tensors; in Python, write it with "
                 "torch.save(model.state_dict(), path)");
  }
  auto text = path + " was refused: its dictionary holds no tensors";
  for (const auto& note : wrappers.skipped()) text += "; " + note;
  return Error(wrappers.skipped().empty() ? text : text + ". " + advice);
}

/// The dictionaries that hold the tensors: what a training script put under one of the usual names, or else
/// all that there are. Notes what else there was.
std::vector<TensorDict> state_dicts_of(const std::string& path, const Value& root,
                                       std::vector<std::string>& notes) {
  Wrappers wrappers(path);
  if (root.kind == Value::Kind::dict) wrappers.visit(root, "", 0);
  auto found = wrappers.found();
  for (const auto* key : {"state_dict", "model", "model_state_dict"}) {
    const auto* inner = pickle::find(root, key);
    if (inner == nullptr || inner->kind != Value::Kind::dict) continue;
    Wrappers below(path);
    below.visit(*inner, key, 1);
    if (below.found().empty()) continue;
    found = below.found();
    break;
  }
  if (found.empty()) throw no_tensors(path, root, wrappers);
  for (const auto& note : wrappers.skipped()) notes.push_back(note);
  std::string others;
  for (const auto& one : wrappers.found()) {
    const bool taken = std::any_of(found.begin(), found.end(),
                                   [&](const TensorDict& other) { return other.dict == one.dict; });
    if (!taken) others += (others.empty() ? "\"" : ", \"") + pickle::printable(one.name) + "\"";
  }
  if (found.size() == 1 && !found.front().name.empty()) {
    notes.push_back(path + ": the tensors under \"" + pickle::printable(found.front().name) +
                    "\" were taken" + (others.empty() ? "" : ", not those under " + others));
  }
  return found;
}

at::Tensor tensor_from(const std::string& path, const std::string& name, const Value& value,
                       const Storages& storages) {
  const auto refuse = [&](const std::string& why) {
    return Error(path + " was refused: tensor \"" + name + "\" " + why);
  };
  const auto it = storages.find(value.storage->text);
  if (it == storages.end()) throw refuse("lies in a storage that the file lacks");
  const auto& storage = it->second;
  if (storage.scalar_type() != value.storage->dtype) throw refuse("has another dtype than its storage");
  int64_t last = value.storage_offset;
  bool empty = false;
  for (size_t i = 0; i < value.sizes.size(); ++i) {
    const int64_t size = value.sizes[i], stride = value.strides[i];
    int64_t reach = 0;
    if (size < 0 || stride < 0) throw refuse("has a negative size or stride");
    empty = empty || size == 0;
    if (size > 0 &&
        (__builtin_mul_overflow(size - 1, stride, &reach) || __builtin_add_overflow(last, reach, &last))) {
      throw refuse("has a shape out of range");
    }
  }
  if (value.storage_offset < 0 || (!empty && last >= storage.numel()))
    throw refuse("reaches beyond its storage");
  if (empty) return at::empty(value.sizes, storage.options());
  return storage.as_strided(value.sizes, value.strides, value.storage_offset)
      .clone(at::MemoryFormat::Contiguous);
}

template <class LoadStorage>
Checkpoint tensors_of(const std::string& path, const Value& root, Storages& storages, LoadStorage&& load) {
  Checkpoint checkpoint;
  const auto dicts = state_dicts_of(path, root, checkpoint.notes);
  for (const auto& one : dicts) {
    // One dictionary is the checkpoint; of several each keeps its name, by which it can be told apart.
    const auto prefix = dicts.size() == 1 || one.name.empty() ? "" : one.name + ".";
    for (size_t i = 0; i + 1 < one.dict->items.size(); i += 2) {
      const auto& key = *one.dict->items[i];
      const auto& value = *one.dict->items[i + 1];
      if (key.kind != Value::Kind::text || value.kind != Value::Kind::tensor) continue;
      if (storages.count(value.storage->text) == 0) load(*value.storage);
      checkpoint.tensors.push_back({prefix + key.text, tensor_from(path, key.text, value, storages)});
    }
  }
  return checkpoint;
}

at::Tensor storage_from(const std::string& path, const Value& storage, const void* data, size_t size) {
  const size_t element = at::elementSize(storage.dtype);
  if (static_cast<uint64_t>(storage.numel) > size / element) {
    throw Error(path + " was refused: storage " + storage.text + " promises " +
                std::to_string(storage.numel) + " elements, the file has " + std::to_string(size / element));
  }
  auto tensor = at::empty({storage.numel}, at::TensorOptions().dtype(storage.dtype));
  if (storage.numel > 0) std::memcpy(tensor.data_ptr(), data, static_cast<size_t>(storage.numel) * element);
  return tensor;
}

}  // namespace

Checkpoint read_torch_zip(const std::string& path) {
  try {
    caffe2::serialize::PyTorchStreamReader archive(path);
    if (archive.hasRecord("constants.pkl")) {
      throw Error(
          path +
          " was refused: it is a TorchScript module, not a state_dict; use it with the torchscript encoder");
    }
    if (!archive.hasRecord("data.pkl"))
      throw Error(path + " was refused: it is a zip archive without data.pkl");
    if (archive.hasRecord("byteorder")) {
      const auto [data, size] = archive.getRecord("byteorder");
      if (std::string(static_cast<const char*>(data.get()), size) != "little") {
        throw Error(path + " was refused: it was written on a big-endian machine");
      }
    }
    const auto [data, size] = archive.getRecord("data.pkl");
    pickle::Reader reader(path, {static_cast<const char*>(data.get()), size});
    const auto& root = reader.read();
    Storages storages;
    return tensors_of(path, root, storages, [&](const Value& storage) {
      const auto [bytes, count] = archive.getRecord("data/" + storage.text);
      storages[storage.text] = storage_from(path, storage, bytes.get(), count);
    });
  } catch (const c10::Error& e) {
    throw Error(path + " was refused: its zip archive is cut off or damaged (" + e.what_without_backtrace() +
                ")");
  }
}

Checkpoint read_torch_legacy(const std::string& path, const std::string& bytes) {
  // Pickles of a magic number, the protocol's version, facts about the system, the object and the keys of
  // its storages; then every storage as an int64 count and its elements.
  pickle::Reader reader(path, bytes);
  static const std::string magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
  const auto& first = reader.read();
  if (first.kind != Value::Kind::integer || first.text.substr(0, 10) != magic) {
    std::string object;
    for (const auto& value : reader.values()) {
      if (value.kind == Value::Kind::object && object.empty())
        object = "; it names the Python object \"" + pickle::printable(value.text) + "\", which was not run";
    }
    throw Error(path + " was refused: it is a pickle, but not one written by torch.save" + object);
  }
  const auto& version = reader.read();
  if (version.kind != Value::Kind::integer || version.integer != 1001) {
    throw Error(path + " was refused: its protocol is not 1001, the only one torch.save has written");
  }
  reader.read();
  const auto& root = reader.read();
  const auto& keys = reader.read();
  std::map<std::string, const Value*> announced;  // a storage's dtype stands only where it is used
  for (const auto& value : reader.values()) {
    if (value.kind == Value::Kind::storage) announced[value.text] = &value;
  }
  Storages storages;
  size_t position = reader.position();
  for (const auto* key : keys.items) {
    const auto it = announced.find(key->text);
    if (bytes.size() - position < 8)
      throw Error(path + " was refused: it ends before storage " + key->text + "; it is truncated");
    int64_t count = 0;
    std::memcpy(&count, bytes.data() + position, sizeof(count));
    position += 8;
    if (it == announced.end()) {
      throw Error(path + " was refused: it has a storage that nothing in its pickle mentions");
    }
    if (count != it->second->numel)
      throw Error(path + " was refused: storage " + key->text + " has another size than announced");
    storages[key->text] = storage_from(path, *it->second, bytes.data() + position, bytes.size() - position);
    position += static_cast<size_t>(count) * at::elementSize(it->second->dtype);
  }
  return tensors_of(path, root, storages, [](const Value&) {});
}

}  // namespace kindred
