#pragma once

#include <dlfcn.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "kindred/abi/abi.h"
#include "kindred/plugin.hpp"

/// Makes components through the same C boundary as the host, without the host's loader, so that a
/// plugin's tests stand on the SDK alone.
namespace kindred::testing {

inline const kindred_component* find_component(const std::string& plugin, const std::string& kind,
                                               const std::string& id) {
  const std::string path = std::string(KINDRED_TEST_PLUGINS) + "/" + plugin + ".kindred.so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto* entry = static_cast<const kindred_plugin*>(dlsym(library, "kindred_plugin_v1"));
  if (entry == nullptr) throw std::runtime_error(path + " exports no kindred_plugin_v1");
  for (auto it = entry->components; it != entry->components_end; ++it) {
    if (*it != nullptr && kind == (*it)->kind && id == (*it)->id) return *it;
  }
  throw std::runtime_error(path + " has no " + kind + " " + id);
}

/// `id` with its vendor: "kindred.triplet". Throws std::runtime_error with the plugin's sentence.
template <class Interface>
std::shared_ptr<Interface> make(const std::string& plugin, const std::string& id,
                                const nlohmann::json& params = nlohmann::json::object(), Site site = {}) {
  const auto* component = find_component(plugin, Interface::kKind, id);
  const kindred_site raw{sizeof(kindred_site), site.input_dimension, site.classes, site.seed,
                         site.class_sizes.empty() ? nullptr : site.class_sizes.data()};
  std::string error;
  const kindred_sink sink{&error, [](void* context, const char* text, size_t size) {
                            static_cast<std::string*>(context)->append(text, size);
                          }};
  void* object = nullptr;
  const std::string text = params.dump();
  if (component->create(&raw, text.data(), text.size(), &object, &sink) != 0) throw std::runtime_error(error);
  return std::shared_ptr<Interface>(static_cast<Interface*>(object),
                                    [component](Interface* p) { component->destroy(p); });
}

}  // namespace kindred::testing
