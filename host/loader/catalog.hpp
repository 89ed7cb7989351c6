#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/loader/plugin_error.hpp"
#include "host/loader/search_path.hpp"
#include "kindred/abi/abi.h"
#include "kindred/abi/site.hpp"

namespace kindred::host {

/// One component that a loaded plugin offers. Everything but `entry` is copied from the plugin.
struct ComponentInfo {
  std::string kind;
  std::string id;          // "vendor.name"
  std::string short_name;  // what follows the last '.'
  std::string version, summary;
  std::string plugin_id, plugin_version, plugin_file;
  nlohmann::json schema;  // see kindred::Schema::to_json
  const kindred_component* entry = nullptr;
};

/// A plugin whose components are all in the catalog.
struct LoadedPlugin {
  std::string id, version, license, summary, file;
  std::string sdk_version, compiler;
};

constexpr const char* kDuplicateCode = "KDP011";
constexpr const char* kNoComponentCode = "KDP020";

/// A file that was found and not loaded. Codes, never reused, are explained in docs/errors.md:
///   KDP001 not an ELF shared object          KDP010 descriptor malformed or unlike the notes
///   KDP002 no build tag                      KDP011 offers what another plugin offers
///   KDP003 other major of the C boundary     KDP013 a component's schema cannot be read
///   KDP004 newer minor of the C boundary     KDP014 cut off
///   KDP005 other revision of the interfaces  KDP015 built for another machine
///   KDP006 other LibTorch                    KDP016 several build tags
///   KDP007 other build flags                 KDP017 malformed notes
///   KDP008 needs another LibTorch            KDP018 every user may write to it
///   KDP009 the dynamic linker refused it     KDP019 notes longer than any plugin's
///                                            KDP020 offers no component
/// With other codes than KDP009 to KDP013 no code of the plugin has run.
struct RejectedPlugin {
  std::string file, code;
  std::string message;  // what was found, what was expected, what to do
  std::string plugin, component, phase;

  /// plugin() is the file where the plugin's id is not known.
  PluginError error() const;
};

/// The components of every plugin in some folders. Plugins stay mapped until the process ends: autograd
/// nodes and exceptions may outlive any handle. [load: one thread; const members: thread-safe]
class Catalog {
 public:
  Catalog() = default;

  /// Loads every *.kindred.so of `folders`, not of their subfolders, in the order of the folders and by
  /// name within one. Never throws because of a plugin: see rejected().
  static Catalog load(const std::vector<std::string>& folders);
  /// The same from what the files say of themselves (ELF notes): nothing is loaded, components have no schema
  /// and cannot be made. Files that say nothing are loaded.
  static Catalog scan(const std::vector<std::string>& folders);
  /// Loads one file alone.
  static Catalog load_file(const std::string& file);
  static Catalog load(const SearchPath& path) { return load(path.folders); }

  /// The list is sorted by kind, then id. Pointers and references into it live as long as the catalog.
  const std::vector<ComponentInfo>& components() const { return components_; }
  const std::vector<LoadedPlugin>& plugins() const { return plugins_; }
  const std::vector<RejectedPlugin>& rejected() const { return rejected_; }
  /// Sentences about files that an earlier folder's plugin of the same name and id replaces.
  const std::vector<std::string>& notes() const { return notes_; }

  /// Finds a component by its full id, or by its short name when only one of `kind` has it; null otherwise.
  const ComponentInfo* find(const std::string& kind, const std::string& id_or_short_name) const;
  /// Every component of `kind` that answers to the name; more than one when a short name is ambiguous.
  std::vector<const ComponentInfo*> matches(const std::string& kind,
                                            const std::string& id_or_short_name) const;
  /// Lists, for messages, the shortest name of each component of `kind` that find() accepts, sorted.
  std::vector<std::string> names(const std::string& kind) const;
  /// The kinds that have a component of this id or short name, sorted.
  std::vector<std::string> kinds_of(const std::string& id_or_short_name) const;
  /// The id or short name that somebody means who wrote `word` for a component of `kind` ("": of any):
  /// another spelling, what another library calls it, or else the closest by letters; "" when there is none.
  std::string suggest(const std::string& kind, const std::string& word) const;

  /// Makes a component; keys absent from `params` keep their defaults. Throws PluginError of phase "create"
  /// when `component` is of another kind or interface revision than Interface, or when its factory fails.
  /// The object must not outlive the process's static objects; the catalog may go before it.
  template <class Interface>
  std::shared_ptr<Interface> create(const ComponentInfo& component, const nlohmann::json& params,
                                    const Site& site = {}) const {
    void* object = make(component, Interface::kKind, Interface::kRevision, params, site);
    return std::shared_ptr<Interface>(static_cast<Interface*>(object), Destroy(component));
  }

 private:
  /// Ends an object by the function of its plugin. Holds copies: the object may outlive the catalog.
  class Destroy {
   public:
    explicit Destroy(const ComponentInfo& component)
        : entry_(component.entry), plugin_(component.plugin_id), id_(component.id) {}
    void operator()(void* object) const;

   private:
    const kindred_component* entry_;
    std::string plugin_, id_;
  };
  enum class Reading { load, scan };
  static Catalog read(const std::vector<std::string>& folders, Reading reading);
  void add(const std::string& file, Reading reading);
  static void* make(const ComponentInfo& component, const char* kind, uint32_t revision,
                    const nlohmann::json& params, const Site& site);

  std::vector<ComponentInfo> components_;
  std::vector<LoadedPlugin> plugins_;
  std::vector<RejectedPlugin> rejected_;
  std::vector<std::string> notes_;
};

}  // namespace kindred::host
