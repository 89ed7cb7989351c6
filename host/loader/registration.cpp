#include "host/loader/registration.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>

#include "host/loader/library.hpp"

namespace kindred::host {

namespace {

constexpr size_t kMaxSchemaBytes = 1 << 20;
constexpr std::string_view kOfPlugin = "plugin";  // the kind in the note of the plugin itself

[[noreturn]] void reject_descriptor(const std::string& file, const std::string& what) {
  throw RejectedPlugin{file,
                       "KDP010",
                       file + " " + what +
                           "; KINDRED_PLUGIN and KINDRED_COMPONENT write correct descriptors: rebuild it "
                           "with the SDK's macros and kindred_add_plugin",
                       "",
                       "",
                       "load"};
}

[[noreturn]] void reject_empty(const std::string& file, const std::string& plugin, const char* phase) {
  throw RejectedPlugin{file,
                       kNoComponentCode,
                       file + " is the plugin " + plugin +
                           " and offers no component; write KINDRED_COMPONENT(...) beside each class that "
                           "shall be one, and name the files with them under SOURCES of kindred_add_plugin",
                       plugin,
                       "",
                       phase};
}

/// "vendor.name": lower-case words, digits and underscores, joined by dots.
bool is_component_id(const std::string& id) {
  bool word_starts = true;
  int dots = 0;
  for (const char c : id) {
    const bool letter = c >= 'a' && c <= 'z';
    if (word_starts ? !letter : !(letter || (c >= '0' && c <= '9') || c == '_' || c == '.')) return false;
    word_starts = c == '.';
    if (word_starts) ++dots;
  }
  return dots > 0 && !word_starts;
}

const kindred_plugin& open_checked(const std::string& file, const kindred_build_tag& tag) {
  const kindred_plugin* plugin = nullptr;
  try {
    plugin = open_library(file);
  } catch (const std::exception& e) {
    throw RejectedPlugin{
        file,
        "KDP009",
        file + " could not be loaded: " + e.what() +
            "; link the plugin with everything it uses (kindred_add_plugin reports missing symbols when it "
            "links) and install the libraries it needs",
        "",
        "",
        "load"};
  }
  if (plugin == nullptr) reject_descriptor(file, "exports no kindred_plugin_v1");
  if (plugin->size < sizeof(kindred_plugin)) reject_descriptor(file, "has a descriptor that is too short");
  if (plugin->build == nullptr ||
      std::memcmp(plugin->build, &tag, offsetof(kindred_build_tag, sdk_version)) != 0) {
    reject_descriptor(file, "has a descriptor that differs from its build tag");
  }
  for (const char* text : {plugin->id, plugin->version, plugin->license, plugin->summary}) {
    if (text == nullptr) reject_descriptor(file, "has a descriptor without id, version, license or summary");
  }
  if (*plugin->id == '\0') reject_descriptor(file, "has a descriptor with an empty plugin id");
  // Without components the bounds of their list are symbols that nobody defines.
  if (plugin->components == nullptr && plugin->components_end == nullptr) {
    reject_empty(file, plugin->id, "load");
  }
  if (plugin->components == nullptr || plugin->components_end < plugin->components) {
    reject_descriptor(file, "has a malformed list of components");
  }
  return *plugin;
}

nlohmann::json schema_of(const std::string& file, const std::string& plugin, const kindred_component& entry) {
  struct Text {
    std::string bytes;
    bool too_long = false;
  } text;
  const kindred_sink sink{&text, [](void* context, const char* bytes, size_t size) {
                            auto& out = *static_cast<Text*>(context);
                            if (size > kMaxSchemaBytes - out.bytes.size())
                              out.too_long = true;
                            else
                              out.bytes.append(bytes, size);
                          }};
  const int status = entry.schema(&sink);
  std::string fault;
  if (status != 0) {
    fault = "returned the error " + std::to_string(status);
  } else if (text.too_long) {
    fault = "wrote more than " + std::to_string(kMaxSchemaBytes) + " bytes";
  } else {
    auto schema = nlohmann::json::parse(text.bytes, nullptr, false);
    const bool object = schema.is_object() && schema.value("type", nlohmann::json()) == "object" &&
                        schema.value("properties", nlohmann::json()).is_object();
    if (object) return schema;
    fault = "did not write a JSON object with \"type\": \"object\" and \"properties\"";
  }
  throw RejectedPlugin{file,
                       "KDP013",
                       "the parameter schema of " + std::string(entry.kind) + " " + entry.id + " in " + file +
                           " cannot be read: it " + fault +
                           "; correct `describe` of its Params (defaults must be valid UTF-8 and finite)",
                       plugin,
                       entry.id,
                       "schema"};
}

/// What descriptors and notes have in common.
ComponentInfo info_of(const LoadedPlugin& plugin, const char* kind, const char* id, const char* version,
                      const char* summary) {
  ComponentInfo info;
  info.kind = kind;
  info.id = id;
  info.short_name = info.id.substr(info.id.rfind('.') + 1);
  info.version = version;
  info.summary = summary;
  info.plugin_id = plugin.id;
  info.plugin_version = plugin.version;
  info.plugin_file = plugin.file;
  return info;
}

bool holds(const std::vector<ComponentInfo>& components, const ComponentInfo& info) {
  return std::any_of(components.begin(), components.end(), [&](const ComponentInfo& other) {
    return other.kind == info.kind && other.id == info.id;
  });
}

std::string twice(const ComponentInfo& info) {
  return "registers " + info.kind + " " + info.id +
         " twice; a component has one id: rename one of the two and rebuild the plugin";
}

/// The texts of notes are made printable; those of a descriptor are compared in the same form.
std::string noted(std::string text) {
  make_printable(text.data());
  return text;
}

/// `host list` shows what the notes offer, a run uses what the descriptor has.
void check_offers(const std::string& file, const Registration& found, const Registration& offered) {
  const auto differs = [&](const std::string& what) {
    reject_descriptor(file, "has a descriptor that differs from its notes: " + what);
  };
  const auto name = [](const LoadedPlugin& plugin) { return noted(plugin.id) + " " + noted(plugin.version); };
  if (name(found.plugin) != name(offered.plugin))
    differs("it is the plugin " + name(found.plugin) + ", the notes say " + name(offered.plugin));
  const auto names = [](const std::vector<ComponentInfo>& components) {
    std::set<std::string> out;
    for (const auto& one : components)
      out.insert(noted(one.kind) + " " + noted(one.id) + " " + noted(one.version));
    return out;
  };
  const auto has = names(found.components), offers = names(offered.components);
  for (const auto& one : has) {
    if (offers.count(one) == 0) differs("it has the " + one + ", of which no note speaks");
  }
  for (const auto& one : offers) {
    if (has.count(one) == 0) differs("a note offers the " + one + ", which it has not");
  }
}

}  // namespace

Registration register_plugin(const std::string& file, const PluginNotes& notes) {
  // The notes are read before anything of the file is mapped. Old files have a build tag and no other notes.
  std::optional<Registration> offered;
  if (!notes.offers.empty()) offered = registration_of_notes(file, notes);
  const auto& plugin = open_checked(file, notes.tag);
  Registration out;
  out.plugin = {plugin.id, plugin.version,        plugin.license,    plugin.summary,
                file,      notes.tag.sdk_version, notes.tag.compiler};
  for (auto it = plugin.components; it != plugin.components_end; ++it) {
    const auto* entry = *it;
    if (entry == nullptr) continue;  // padding of the linker section
    if (entry->size < sizeof(kindred_component))
      reject_descriptor(file, "has a component record that is too short");
    for (const char* text : {entry->kind, entry->id, entry->version, entry->summary}) {
      if (text == nullptr) reject_descriptor(file, "has a component without kind, id, version or summary");
    }
    if (entry->schema == nullptr || entry->create == nullptr || entry->destroy == nullptr) {
      reject_descriptor(file,
                        "has the component " + std::string(entry->id) + " without schema, create or destroy");
    }
    if (!is_component_id(entry->id)) {
      reject_descriptor(file, "has a component with the id \"" + std::string(entry->id) +
                                  "\", which is not of the form vendor.name (a-z, 0-9, _)");
    }
    auto info = info_of(out.plugin, entry->kind, entry->id, entry->version, entry->summary);
    info.entry = entry;
    if (holds(out.components, info)) {
      throw RejectedPlugin{file, kDuplicateCode, file + " " + twice(info), plugin.id, info.id, "register"};
    }
    info.schema = schema_of(file, plugin.id, *entry);
    out.components.push_back(std::move(info));
  }
  if (offered) check_offers(file, out, *offered);
  return out;
}

Registration registration_of_notes(const std::string& file, const PluginNotes& notes) {
  Registration out;
  out.plugin.file = file;
  out.plugin.sdk_version = notes.tag.sdk_version;
  out.plugin.compiler = notes.tag.compiler;
  for (const auto& offer : notes.offers) {
    if (offer.kind != kOfPlugin) continue;
    out.plugin.id = offer.id;
    out.plugin.version = offer.version;
    out.plugin.summary = offer.summary;
  }
  const auto refuse = [&](const char* code, const std::string& what, const std::string& component = "") {
    throw RejectedPlugin{file, code, file + " " + what, out.plugin.id, component, "gate"};
  };
  if (out.plugin.id.empty()) {
    refuse("KDP017",
           "has notes of components but none of the plugin; build it with kindred_add_plugin, with one "
           "KINDRED_PLUGIN in its sources");
  }
  for (const auto& offer : notes.offers) {
    if (offer.kind == kOfPlugin) continue;
    if (!is_component_id(offer.id)) {
      refuse("KDP017", "says that it offers \"" + std::string(offer.id) +
                           "\", which is no id of the form vendor.name (a-z, 0-9, _); rename the component "
                           "and rebuild the plugin");
    }
    auto info = info_of(out.plugin, offer.kind, offer.id, offer.version, offer.summary);
    if (holds(out.components, info)) refuse(kDuplicateCode, twice(info), info.id);
    out.components.push_back(std::move(info));
  }
  if (out.components.empty()) reject_empty(file, out.plugin.id, "gate");
  return out;
}

}  // namespace kindred::host
