#include "host/loader/catalog.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iterator>
#include <set>
#include <string_view>
#include <tuple>

#include "host/base/running_call.hpp"
#include "host/base/slow_call.hpp"
#include "host/base/text.hpp"
#include "host/loader/gate.hpp"
#include "host/loader/registration.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/names.hpp"
#include "kindred/params.hpp"

namespace kindred::host {

namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSuffix = ".kindred.so";
constexpr std::chrono::seconds kCreatePatience{20};  // weights and annotations are read then

bool is_plugin_file(const fs::path& path) {
  const auto name = path.filename().string();
  return name.size() > kSuffix.size() &&
         name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

/// The plugin files of a folder, sorted by name. A folder that cannot be read has none.
std::vector<std::string> plugin_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    if (is_plugin_file(it->path())) files.push_back(fs::absolute(it->path()).lexically_normal().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// What other libraries call a component, as it declares it; nothing where only notes were read.
std::vector<std::string> other_names(const ComponentInfo& component) {
  std::vector<std::string> names;
  const auto list = component.schema.find("x-also-known-as");
  if (!component.schema.is_object() || list == component.schema.end() || !list->is_array()) return names;
  for (const auto& one : *list) {
    if (one.is_string()) names.push_back(one.get<std::string>());
  }
  return names;
}

/// Says whether a word ends with the name of a kind, in small letters or large ones.
bool ends_like(const std::string& word, const std::string& kind) {
  const auto same = [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); };
  return word.size() > kind.size() && std::equal(kind.rbegin(), kind.rend(), word.rbegin(), same);
}

/// Static constructors of the library run here.
Registration loaded(const std::string& file, const PluginNotes& notes) {
  const SlowCall slow("plugin " + file + ", phase load");
  const RunningCall running(file.c_str(), "", "load");
  return register_plugin(file, notes);
}

}  // namespace

PluginError RejectedPlugin::error() const {
  return PluginError(plugin.empty() ? file : plugin, component, phase, code + " " + message);
}

Catalog Catalog::load(const std::vector<std::string>& folders) { return read(folders, Reading::load); }

Catalog Catalog::scan(const std::vector<std::string>& folders) { return read(folders, Reading::scan); }

Catalog Catalog::read(const std::vector<std::string>& folders, Reading reading) {
  Catalog catalog;
  std::set<std::pair<dev_t, ino_t>> seen;
  for (const auto& folder : folders) {
    for (const auto& file : plugin_files(folder)) {
      struct stat status {};
      const bool known =
          stat(file.c_str(), &status) == 0 && !seen.insert({status.st_dev, status.st_ino}).second;
      if (!known) catalog.add(file, reading);
    }
  }
  std::sort(catalog.components_.begin(), catalog.components_.end(),
            [](const auto& a, const auto& b) { return std::tie(a.kind, a.id) < std::tie(b.kind, b.id); });
  return catalog;
}

Catalog Catalog::load_file(const std::string& file) {
  Catalog catalog;
  catalog.add(fs::absolute(file).lexically_normal().string(), Reading::load);
  return catalog;
}

void Catalog::add(const std::string& file, Reading reading) {
  PluginNotes notes{};
  if (auto refusal = check_gate(file, notes)) {
    rejected_.push_back(std::move(*refusal));
    return;
  }
  try {
    const bool scans = reading == Reading::scan && !notes.offers.empty();
    auto found = scans ? registration_of_notes(file, notes) : loaded(file, notes);
    const auto name = fs::path(file).filename();
    for (const auto& other : plugins_) {
      if (other.id != found.plugin.id) continue;
      if (fs::path(other.file).filename() == name) {
        notes_.push_back(file + " is not used: " + other.file +
                         ", which comes earlier, is the same plugin (" + other.id + ")");
        return;
      }
      throw RejectedPlugin{file,
                           kDuplicateCode,
                           file + " and " + other.file + " are both the plugin " + other.id +
                               "; a plugin's id must be unique: remove one of the files or rename its plugin",
                           found.plugin.id,
                           "",
                           "register"};
    }
    for (const auto& component : found.components) {
      const auto other = std::find_if(components_.begin(), components_.end(), [&](const auto& c) {
        return c.kind == component.kind && c.id == component.id;
      });
      if (other == components_.end()) continue;
      throw RejectedPlugin{
          file,
          kDuplicateCode,
          file + " and " + other->plugin_file + " both offer " + component.kind + " " + component.id +
              "; a component's id must be unique: remove one of the files or rename the component",
          found.plugin.id,
          component.id,
          "register"};
    }
    plugins_.push_back(std::move(found.plugin));
    std::move(found.components.begin(), found.components.end(), std::back_inserter(components_));
  } catch (RejectedPlugin& refusal) {
    rejected_.push_back(std::move(refusal));
  }
}

std::vector<const ComponentInfo*> Catalog::matches(const std::string& kind,
                                                   const std::string& id_or_short_name) const {
  std::vector<const ComponentInfo*> out;
  for (const auto& component : components_) {
    if (component.kind != kind) continue;
    if (component.id == id_or_short_name) return {&component};
    if (component.short_name == id_or_short_name) out.push_back(&component);
  }
  return out;
}

const ComponentInfo* Catalog::find(const std::string& kind, const std::string& id_or_short_name) const {
  const auto found = matches(kind, id_or_short_name);
  return found.size() == 1 ? found.front() : nullptr;
}

std::vector<std::string> Catalog::names(const std::string& kind) const {
  std::vector<std::string> out;
  for (const auto& component : components_) {
    if (component.kind != kind) continue;
    out.push_back(find(kind, component.short_name) == &component ? component.short_name : component.id);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> Catalog::kinds_of(const std::string& id_or_short_name) const {
  std::set<std::string> kinds;
  for (const auto& component : components_) {
    if (component.id == id_or_short_name || component.short_name == id_or_short_name)
      kinds.insert(component.kind);
  }
  return {kinds.begin(), kinds.end()};
}

std::string Catalog::suggest(const std::string& kind, const std::string& word) const {
  // "TripletMarginLoss" is a loss, though a miner has that name, too.
  for (size_t i = 0; kind.empty() && i < components_.size(); ++i) {
    const auto& one = components_[i].kind;
    if (i > 0 && one == components_[i - 1].kind) continue;
    if (!ends_like(word, one)) continue;
    if (const auto found = suggest(one, word); !found.empty()) return found;
  }
  // Every spelling of a component's names, and what is said of it; its own names come first.
  std::vector<std::pair<std::string, std::string>> own, others;
  for (const auto& component : components_) {
    if (!kind.empty() && component.kind != kind) continue;
    const bool is_short = find(component.kind, component.short_name) == &component;
    const auto& name = is_short ? component.short_name : component.id;
    own.emplace_back(plain_name(component.short_name), name);
    own.emplace_back(plain_name(component.id), component.id);
    for (const auto& other : other_names(component)) others.emplace_back(plain_name(other), name);
  }
  const auto plain = plain_name(word);
  for (const auto* spellings : {&own, &others}) {
    for (const auto& [spelling, name] : *spellings) {
      if (spelling == plain) return name;
    }
  }
  std::vector<std::string> candidates;
  for (const auto& [spelling, name] : own) candidates.push_back(name);
  if (const auto close = closest_name(word, candidates); !close.empty()) return close;
  candidates.clear();
  for (const auto& [spelling, name] : others) candidates.push_back(spelling);
  const auto close = closest_name(plain, candidates);
  for (const auto& [spelling, name] : others) {
    if (!close.empty() && spelling == close) return name;
  }
  return "";
}

void Catalog::Destroy::operator()(void* object) const {
  const RunningCall running(plugin_.c_str(), id_.c_str(), "destroy");
  entry_->destroy(object);
}

void* Catalog::make(const ComponentInfo& component, const char* kind, uint32_t revision,
                    const nlohmann::json& params, const Site& site) {
  const auto fail = [&](const std::string& message) {
    throw PluginError(component.plugin_id, component.id, "create", message);
  };
  if (component.entry == nullptr) fail("it comes from no loaded plugin");
  if (component.kind != kind) {
    fail("it is of kind " + component.kind + ", but a component of kind " + kind + " is needed here");
  }
  if (component.entry->revision != revision) {
    fail("it implements revision " + std::to_string(component.entry->revision) + " of the interface " + kind +
         ", this host has revision " + std::to_string(revision) +
         ": rebuild the plugin with this host's SDK");
  }
  const bool knows_sizes = static_cast<int64_t>(site.class_sizes.size()) == site.classes;
  const kindred_site where{sizeof(kindred_site), site.input_dimension, site.classes, site.seed,
                           knows_sizes ? site.class_sizes.data() : nullptr};
  std::string error;
  const kindred_sink out{&error, [](void* context, const char* text, size_t size) {
                           static_cast<std::string*>(context)->append(text, size);
                         }};
  const auto text = params.is_null() ? "{}" : exact_json_text(params);  // paths need not be UTF-8
  const SlowCall slow("plugin " + component.plugin_id + ", component " + component.id + ", phase create",
                      kCreatePatience);
  const RunningCall running(component.plugin_id.c_str(), component.id.c_str(), "create");
  void* object = nullptr;
  const int status = component.entry->create(&where, text.data(), text.size(), &object, &out);
  if (status != 0) {
    fail(error.empty() ? "its factory failed with status " + std::to_string(status) + " and without a reason"
                       : without_trace(error));
  }
  if (object == nullptr) fail("its factory reported success but made nothing");
  return object;
}

}  // namespace kindred::host
