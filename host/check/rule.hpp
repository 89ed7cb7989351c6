#pragma once

#include <ATen/core/Tensor.h>
#include <fmt/format.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/loader/catalog.hpp"
#include "host/loader/component_kinds.hpp"

namespace kindred::host {

/// What a component did against a rule; the text is a clause behind its name.
struct RuleBroken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Values>
void require(bool holds, fmt::format_string<Values...> text, Values&&... values) {
  if (!holds) throw RuleBroken(fmt::format(text, std::forward<Values>(values)...));
}

/// The component that is tried out, made anew as often as a rule wants.
struct Subject {
  const ComponentInfo& info;
  const Catalog& catalog;
  nlohmann::json params;

  static constexpr int64_t kDimension = 24, kClasses = 6;  ///< of the site it is made for
  template <class Interface>
  std::shared_ptr<Interface> make(uint64_t seed = 1) const {
    return catalog.create<Interface>(info, params, {kDimension, kClasses, seed});
  }
};

/// Shows `text`, a clause behind the component's name, beside the rule that is being tried, if it passes:
/// what was measured. Only the last one of a rule is shown.
void remark(const std::string& text);

struct Rule {
  std::string name;     ///< "gradient_is_right"
  std::string promise;  ///< what the rule asks, one line
  /// Throws RuleBroken, or whatever the component throws.
  std::function<void(const Subject&)> check;
};

/// What a component gives for an example: equal for two that mean the same.
using Behaviour = std::vector<at::Tensor>;

/// What is tried on the components of one kind, besides parameter_rules().
struct KindChecks {
  std::string kind;
  std::vector<Rule> rules;
  std::function<void(const Subject&)> make;            ///< Throws PluginError.
  std::function<Behaviour(const Subject&)> behaviour;  ///< of one that is made anew
};

/// Puts them together from the rules of a kind and what its components give for an example.
template <class Interface>
KindChecks kind_checks(Behaviour (*behaviour)(Interface& component), std::vector<Rule> rules) {
  return {Interface::kKind, std::move(rules), [](const Subject& subject) { subject.make<Interface>(); },
          [behaviour](const Subject& subject) { return behaviour(*subject.make<Interface>()); }};
}

/// Returns the checks of the kind of an interface; each is defined in <kind>_rules.cpp.
template <class Interface>
KindChecks checks_of();
#define KINDRED_CHECKS(Interface, name) \
  template <>                           \
  KindChecks checks_of<Interface>();
KINDRED_COMPONENT_KINDS(KINDRED_CHECKS)
#undef KINDRED_CHECKS

/// Returns the checks of all kinds, by the kind's name.
const std::map<std::string, KindChecks>& checks_by_kind();

/// What every component must obey, of whatever kind.
std::vector<Rule> parameter_rules();

/// Rules of datasets about reading, which have a file of their own.
std::vector<Rule> dataset_reading_rules();

std::vector<Rule> joined(std::vector<Rule> one, const std::vector<Rule>& other);

}  // namespace kindred::host
