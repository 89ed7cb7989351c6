#pragma once

#include <cstddef>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "kindred/abi/abi.h"
#include "kindred/abi/build_tag.hpp"
#include "kindred/abi/site.hpp"
#include "kindred/params.hpp"

/// Registration. A component is constant data in a linker section: no static constructor runs when the
/// library is loaded, and there is no global registry to fall out of step.
///
///   KINDRED_COMPONENT(kindred::Loss, TripletLoss, "acme.triplet", "1.2.0", "Triplet margin loss");
///   KINDRED_PLUGIN("acme", "1.2.0", "Apache-2.0", "Losses of Acme");   // once per plugin
///
/// A component class has a nested `Params` (see params.hpp) and a constructor from `Params`, or from
/// `Params` and `const Site&` when it must know where it is placed. It may have a member
///
///   static constexpr const char* kAlsoKnownAs[] = {"TripletMarginLoss"};
///
/// with what other libraries call it, in letters, digits, '_', '-' and '@': whoever types such a name in a
/// pipeline is told this component's id.
namespace kindred {

namespace detail {

inline void put(const kindred_sink* sink, std::string_view text) {
  if (sink != nullptr && sink->write != nullptr) sink->write(sink->context, text.data(), text.size());
}

/// Adds "x-also-known-as" to the text of a schema, which is a JSON object with at least one key.
inline std::string with_other_names(std::string schema, const std::vector<std::string>& names) {
  if (names.empty()) return schema;
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "\"" : ",\"") + name + "\"";
  return schema.insert(1, "\"x-also-known-as\":[" + list + "],");
}

/// Exceptions never leave the plugin through the C boundary.
template <class Body>
int guarded(const kindred_sink* error, Body&& body) noexcept {
  try {
    body();
    return 0;
  } catch (const std::exception& e) {
    put(error, e.what());
  } catch (...) {
    put(error, "an exception that is not a std::exception");
  }
  return 1;
}

/// The names of Type::kAlsoKnownAs; none where it has no such member.
template <class Type, class = void>
struct OtherNames {
  static std::vector<std::string> get() { return {}; }
};
template <class Type>
struct OtherNames<Type, std::void_t<decltype(Type::kAlsoKnownAs)>> {
  static std::vector<std::string> get() {
    return {std::begin(Type::kAlsoKnownAs), std::end(Type::kAlsoKnownAs)};
  }
};

/// Sizes of classes are unknown where the host only asks what a component takes.
inline Site site_of(const kindred_site& raw) {
  Site site{raw.input_dimension, raw.classes, raw.seed, {}};
  constexpr auto kEnd = offsetof(kindred_site, class_sizes) + sizeof(raw.class_sizes);
  if (raw.size >= kEnd && raw.class_sizes != nullptr)
    site.class_sizes.assign(raw.class_sizes, raw.class_sizes + raw.classes);
  return site;
}

template <class Interface, class Type>
struct Thunk {
  using Params = typename Type::Params;

  static int schema(const kindred_sink* out) noexcept {
    return guarded(
        nullptr, [&] { put(out, with_other_names(Schema<Params>::get().text(), OtherNames<Type>::get())); });
  }
  static int create(const kindred_site* site, const char* text, size_t size, void** out,
                    const kindred_sink* error) noexcept {
    return guarded(error, [&] {
      auto params = Schema<Params>::get().parse({text, size});
      if constexpr (std::is_constructible_v<Type, Params, const Site&>) {
        *out = static_cast<Interface*>(new Type(std::move(params), site_of(*site)));
      } else {
        *out = static_cast<Interface*>(new Type(std::move(params)));
      }
    });
  }
  static void destroy(void* object) noexcept { delete static_cast<Interface*>(object); }
};

}  // namespace detail
}  // namespace kindred

#define KINDRED_JOIN_INNER(a, b) a##b
#define KINDRED_JOIN(a, b) KINDRED_JOIN_INNER(a, b)
#if defined(__has_attribute)
#if __has_attribute(retain)
#define KINDRED_KEEP used, retain
#endif
#endif
#ifndef KINDRED_KEEP
#define KINDRED_KEEP used
#endif

/// Declares one component; place it beside the class, at namespace scope. Its names are numbered by
/// __COUNTER__, so that several files may be compiled as one.
#define KINDRED_COMPONENT(Interface, Type, id, version, summary) \
  KINDRED_NUMBERED_COMPONENT(Interface, Type, id, version, summary, __COUNTER__)
#define KINDRED_NUMBERED_COMPONENT(Interface, Type, id, version, summary, number)                         \
  static constexpr kindred_component KINDRED_JOIN(kindred_component_, number) = {                         \
      sizeof(kindred_component),                                                                          \
      Interface::kRevision,                                                                               \
      Interface::kKind,                                                                                   \
      id,                                                                                                 \
      version,                                                                                            \
      summary,                                                                                            \
      &kindred::detail::Thunk<Interface, Type>::schema,                                                   \
      &kindred::detail::Thunk<Interface, Type>::create,                                                   \
      &kindred::detail::Thunk<Interface, Type>::destroy};                                                 \
  __attribute__((section(".note.kindred"), KINDRED_KEEP, aligned(4))) static constexpr auto KINDRED_JOIN( \
      kindred_offer_, number) = kindred::offer_note(Interface::kKind, id, version, summary);              \
  __attribute__((section("kindred_components"), KINDRED_KEEP)) static const kindred_component* const      \
  KINDRED_JOIN(kindred_slot_, number) = &KINDRED_JOIN(kindred_component_, number)

/// Declares the plugin; exactly once, in one of its files. The bounds of the list of components are weak, so
/// that a plugin without any links, and is told of it by the host and not by the linker.
#define KINDRED_PLUGIN(id, version, license, summary)                                               \
  extern "C" {                                                                                      \
  extern const kindred_component* const __start_kindred_components[]                                \
      __attribute__((visibility("hidden"), weak));                                                  \
  extern const kindred_component* const __stop_kindred_components[]                                 \
      __attribute__((visibility("hidden"), weak));                                                  \
  }                                                                                                 \
  __attribute__((section(".note.kindred"), KINDRED_KEEP,                                            \
                 aligned(4))) static constexpr kindred::ElfNote<kindred_build_tag>                  \
      kindred_note = {3, sizeof(kindred_build_tag), KINDRED_NOTE_TAG, "KD", KINDRED_TAG_OF_PLUGIN}; \
  __attribute__((section(".note.kindred"), KINDRED_KEEP,                                            \
                 aligned(4))) static constexpr auto kindred_plugin_offer =                          \
      kindred::offer_note("plugin", id, version, summary);                                          \
  extern "C" KINDRED_EXPORT const kindred_plugin kindred_plugin_v1 = {                              \
      sizeof(kindred_plugin),     &kindred_note.payload,    id, version, license, summary,          \
      __start_kindred_components, __stop_kindred_components}

/// What the note holds; only tests of the gate define something else.
#ifndef KINDRED_TAG_OF_PLUGIN
#define KINDRED_TAG_OF_PLUGIN kindred::build_tag()
#endif
