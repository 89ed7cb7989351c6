#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/loader/catalog.hpp"

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

struct Rule {
  std::string name;     ///< "gradient_is_right"
  std::string promise;  ///< what the rule asks, one line
  /// Throws RuleBroken, or whatever the component throws.
  std::function<void(const Subject&)> check;
};

/// Of every kind of component.
std::vector<Rule> parameter_rules();
/// What else is asked of each kind, by its name.
const std::map<std::string, std::vector<Rule>>& rules_by_kind();

std::vector<Rule> batch_sampler_rules();
std::vector<Rule> dataset_rules();
std::vector<Rule> dataset_reading_rules();
std::vector<Rule> encoder_rules();
std::vector<Rule> eval_sampler_rules();
std::vector<Rule> head_rules();
std::vector<Rule> loss_rules();
std::vector<Rule> miner_rules();
std::vector<Rule> ranking_metric_rules();
std::vector<Rule> set_metric_rules();
std::vector<Rule> tracker_rules();
std::vector<Rule> transform_rules();

}  // namespace kindred::host
