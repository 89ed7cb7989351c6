#include <ATen/ATen.h>
#include <caffe2/serialize/inline_container.h>

#include <cstring>
#include <map>

#include "checkpoint_format.hpp"
#include "kindred/error.hpp"
#include "pickle.hpp"

namespace kindred {
namespace {

using pickle::Value;
using Storages = std::map<std::string, at::Tensor>;

/// The dictionary that holds the tensors: the outermost one, or what a training script put under one of
/// the usual names.
const Value& state_dict_of(const std::string& path, const Value& root) {
  if (root.kind != Value::Kind::dict) {
    throw Error(path +
                " was refused: it holds no dictionary of tensors; in Python, write it with "
                "torch.save(model.state_dict(), path)");
  }
  for (const auto* key : {"state_dict", "model", "model_state_dict"}) {
    const auto* inner = pickle::find(root, key);
    if (inner != nullptr && inner->kind == Value::Kind::dict) return *inner;
  }
  return root;
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

/// DataParallel and its kin put "module." before every name.
void drop_parallel_prefix(std::vector<NamedTensor>& tensors) {
  const std::string prefix = "module.";
  for (const auto& entry : tensors) {
    if (entry.name.rfind(prefix, 0) != 0) return;
  }
  for (auto& entry : tensors) entry.name.erase(0, prefix.size());
}

template <class LoadStorage>
std::vector<NamedTensor> tensors_of(const std::string& path, const Value& root, Storages& storages,
                                    LoadStorage&& load) {
  const auto& dict = state_dict_of(path, root);
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const auto& key = *dict.items[i];
    const auto& value = *dict.items[i + 1];
    if (key.kind != Value::Kind::text || value.kind != Value::Kind::tensor) continue;
    if (storages.count(value.storage->text) == 0) load(*value.storage);
    tensors.push_back({key.text, tensor_from(path, key.text, value, storages)});
  }
  if (tensors.empty()) throw Error(path + " was refused: its dictionary holds no tensors");
  drop_parallel_prefix(tensors);
  return tensors;
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

std::vector<NamedTensor> read_torch_zip(const std::string& path) {
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
    throw Error(path + " was refused: its zip archive is damaged (" + e.what_without_backtrace() + ")");
  }
}

std::vector<NamedTensor> read_torch_legacy(const std::string& path, const std::string& bytes) {
  // Pickles of a magic number, the protocol's version, facts about the system, the object and the keys of
  // its storages; then every storage as an int64 count and its elements.
  pickle::Reader reader(path, bytes);
  static const std::string magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
  const auto& first = reader.read();
  if (first.kind != Value::Kind::integer || first.text.substr(0, 10) != magic) {
    throw Error(path + " was refused: it is a pickle, but not one written by torch.save");
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
