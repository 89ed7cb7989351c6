#include "kindred/io/checkpoint.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "checkpoint_format.hpp"
#include "kindred/error.hpp"
#include "kindred/finite.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "mistaken_file.hpp"

namespace kindred {

namespace {

/// safetensors begins with the size of its header, 8 bytes, and the header. Asked first: the size's lowest
/// byte may be that which begins a pickle.
bool begins_as_safetensors(const std::string& bytes) {
  return bytes.size() > 8 && bytes[7] == '\0' && bytes[8] == '{';
}

}  // namespace

namespace {

/// One of the files, not an index. `bytes` are those of `path`.
Checkpoint read_single_file(const std::string& path, const std::string& bytes) {
  if (bytes.empty()) throw Error(path + " is empty; expected a file written by torch.save or by safetensors");
  if (const auto mistake = mistaken_for_weights(path, bytes); !mistake.empty()) throw Error(mistake);
  if (bytes.rfind("PK\x03\x04", 0) == 0) return read_torch_zip(path);
  if (bytes.size() > 1 && static_cast<unsigned char>(bytes[0]) == 0x80 && !begins_as_safetensors(bytes)) {
    return read_torch_legacy(path, bytes);
  }
  if (bytes.size() > 8 && (bytes[8] == '{' || bytes[7] == '\0'))
    return {read_safetensors(path, bytes), {}, false};
  throw Error(path + " is no checkpoint: expected a file written by torch.save or by safetensors");
}

/// The tensors of an index {"weight_map": {NAME: FILE}}, whose files lie beside it.
Checkpoint read_index(const std::string& path, const nlohmann::json& map) {
  std::map<std::string, std::set<std::string>> names;  // by file
  for (const auto& [name, file] : map.items()) {
    if (!file.is_string() || file.get<std::string>().find('/') != std::string::npos ||
        file.get<std::string>().empty() || file.get<std::string>().front() == '.') {
      throw Error(path + " was refused: it says that tensor \"" + name + "\" lies in " + json_text(file) +
                  ", expected the name of a file beside it");
    }
    names[file.get<std::string>()].insert(name);
  }
  std::string absent;
  const auto folder = std::filesystem::path(path).parent_path();
  for (const auto& [file, unused] : names) {
    if (!std::filesystem::exists(folder / file)) absent += (absent.empty() ? "" : ", ") + file;
  }
  if (!absent.empty()) {
    throw Error(path + " names " + std::to_string(names.size()) +
                " files, of which these are not beside it: " + absent +
                "; download them into the same folder");
  }
  Checkpoint all;
  for (auto& [file, wanted] : names) {
    const auto part = (folder / file).string();
    auto read = read_single_file(part, read_file(part));
    all.notes.insert(all.notes.end(), read.notes.begin(), read.notes.end());
    for (auto& one : read.tensors) {
      if (wanted.erase(one.name) > 0) all.tensors.push_back(std::move(one));
    }
    if (!wanted.empty()) {
      throw Error(part + " lacks the tensor \"" + *wanted.begin() + "\", which " + path +
                  " says it holds; they belong to two models");
    }
  }
  return all;
}

}  // namespace

Checkpoint read_checkpoint_file(const std::string& path) {
  if (std::filesystem::is_directory(path)) throw Error(folder_given_for_weights(path));
  const auto bytes = read_file(path);
  if (bytes.rfind('{', 0) == 0 && !begins_as_safetensors(bytes)) {
    const auto index = parse_json(bytes);
    const auto map = index.is_object() ? index.find("weight_map") : index.end();
    if (map != index.end() && map->is_object() && !map->empty()) return read_index(path, *map);
  }
  return read_single_file(path, bytes);
}

std::vector<NamedTensor> read_checkpoint(const std::string& path) {
  auto checkpoint = read_checkpoint_file(path);
  const std::string prefix = "module.";  // DataParallel and its kin put it before every name
  const bool all = std::all_of(checkpoint.tensors.begin(), checkpoint.tensors.end(),
                               [&](const NamedTensor& one) { return one.name.rfind(prefix, 0) == 0; });
  if (checkpoint.from_torch && all) {
    for (auto& one : checkpoint.tensors) one.name.erase(0, prefix.size());
  }
  return std::move(checkpoint.tensors);
}

namespace {

std::string shape_text(const at::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

bool always(const std::string&) { return true; }

std::string name_list(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < 8; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > 8) text += " and " + std::to_string(names.size() - 8) + " more";
  return text;
}

}  // namespace

void load_named_tensors(const std::string& what, const std::vector<NamedTensor>& target,
                        const std::vector<NamedTensor>& source, bool (*optional)(const std::string&),
                        bool (*ignore)(const std::string&)) {
  std::map<std::string, const at::Tensor*> given;
  for (const auto& entry : source) given[entry.name] = &entry.tensor;
  std::vector<std::string> missing, misshapen, surplus;
  for (const auto& entry : target) {
    const auto it = given.find(entry.name);
    if (it == given.end()) {
      if (optional == nullptr || !optional(entry.name)) missing.push_back(entry.name);
      continue;
    }
    if (it->second->sizes() != entry.tensor.sizes()) {
      misshapen.push_back(entry.name + " is " + shape_text(*it->second) + ", expected " +
                          shape_text(entry.tensor));
    }
  }
  std::map<std::string, bool> wanted;
  for (const auto& entry : target) wanted[entry.name] = true;
  for (const auto& entry : source) {
    if (wanted.count(entry.name) == 0 && (ignore == nullptr || !ignore(entry.name)))
      surplus.push_back(entry.name);
  }
  if (!missing.empty() || !misshapen.empty() || !surplus.empty()) {
    std::string text = what + " do not fit:";
    if (!missing.empty()) text += " missing " + name_list(missing) + ";";
    if (!misshapen.empty()) text += " misshapen " + name_list(misshapen) + ";";
    if (!surplus.empty()) text += " not part of the model " + name_list(surplus) + ";";
    text.back() = '.';
    throw Error(text + " Choose the variant that the weights were made for");
  }
  for (const auto& entry : target) {
    const auto it = given.find(entry.name);
    if (it == given.end()) continue;
    // A mask holds infinities by design, and then the one that is replaced does, too.
    const bool is_mask = !all_finite(entry.tensor);
    const auto wrong = what_is_no_weight({{entry.name, *it->second}}, is_mask ? &always : nullptr);
    if (wrong.empty()) continue;
    throw Error(what + " cannot be right: " + wrong +
                ". The file is damaged, or the training that wrote it ran away; take another copy");
  }
  for (const auto& entry : target) {
    const auto it = given.find(entry.name);
    if (it != given.end()) entry.tensor.detach().copy_(*it->second);
  }
}

}  // namespace kindred
