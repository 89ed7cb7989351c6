#include "host/check/conformance.hpp"

#include <algorithm>
#include <filesystem>

#include "host/base/processors.hpp"
#include "host/check/child_process.hpp"
#include "host/check/rule.hpp"
#include "kindred/tracker.hpp"

namespace kindred::host {
namespace {

std::string missing_parameters(const ComponentInfo& info, const nlohmann::json& given) {
  std::string names;
  for (const auto& [name, field] : info.schema["properties"].items()) {
    if (field.value("x-required", false) && !given.contains(name))
      names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

void check_component(const ComponentInfo& info, const Catalog& catalog, const nlohmann::json& params,
                     int seconds, const IsWanted& is_wanted, std::vector<CheckResult>& results) {
  const auto add = [&](const std::string& rule, CheckStatus status, const std::string& text,
                       const std::string& promise = "") {
    results.push_back({info.id, info.kind, rule, promise, status, text});
  };
  const auto checks = checks_by_kind().find(info.kind);
  if (checks == checks_by_kind().end()) {
    return add("kind_is_known", CheckStatus::failed,
               "is of the kind \"" + info.kind + "\", which no host asks for");
  }
  const auto missing = missing_parameters(info, params);
  if (!missing.empty()) {
    return add("all", CheckStatus::skipped,
               "needs " + missing + "; give --params '" + info.id + "={...}' to check it");
  }
  const Subject subject{info, catalog, params};
  const auto try_out = [&](const std::vector<Rule>& rules, size_t at_once) {
    std::vector<std::function<void()>> works;
    for (const auto& rule : rules) works.push_back([&rule, &subject] { rule.check(subject); });
    const auto outcomes = run_in_children(works, seconds, at_once);
    for (size_t i = 0; i < rules.size(); ++i) {
      add(rules[i].name, outcomes[i].succeeded ? CheckStatus::passed : CheckStatus::failed, outcomes[i].text,
          rules[i].promise);
    }
    return outcomes.back().succeeded;
  };
  const auto makes_it = [](const Rule& one) { return one.name == "can_be_made"; };
  std::vector<Rule> rules;
  for (const auto& rule : joined(parameter_rules(), checks->second.rules)) {
    if (makes_it(rule) || !is_wanted || is_wanted(info.id, rule.name)) rules.push_back(rule);
  }
  const auto made = std::find_if(rules.begin(), rules.end(), makes_it);
  // Without an object every rule behind this one would say the same.
  if (!try_out({rules.begin(), made + 1}, 1)) return;
  // Trackers may write to one place, in which two of them would meet.
  const auto at_once = info.kind == Tracker::kKind ? 1 : static_cast<size_t>(usable_processors());
  if (made + 1 != rules.end()) try_out({made + 1, rules.end()}, at_once);
}

}  // namespace

std::vector<Rule> joined(std::vector<Rule> one, const std::vector<Rule>& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

const std::map<std::string, KindChecks>& checks_by_kind() {
  static const auto table = [] {
    std::map<std::string, KindChecks> checks;
    const auto add = [&](KindChecks one) { checks.emplace(one.kind, std::move(one)); };
#define KINDRED_ADD(Interface, name) add(checks_of<Interface>());
    KINDRED_COMPONENT_KINDS(KINDRED_ADD)
#undef KINDRED_ADD
    return checks;
  }();
  return table;
}

std::vector<CheckResult> check_plugin(const std::string& file,
                                      const std::map<std::string, nlohmann::json>& params, int seconds,
                                      const IsWanted& is_wanted) {
  std::vector<CheckResult> results;
  const auto name = std::filesystem::path(file).filename().string();
  const auto add = [&](const char* rule, const char* promise, const ChildOutcome& outcome) {
    const auto status = outcome.succeeded ? CheckStatus::passed : CheckStatus::failed;
    results.push_back({name, "plugin", rule, promise, status, outcome.text});
  };
  // Its constructors and schemas might hang or crash, so it is loaded by a child first.
  const auto loads = run_in_child(
      [&] {
        const auto tried = Catalog::load_file(file);
        require(tried.rejected().empty(), "{}",
                tried.rejected().empty()
                    ? ""
                    : tried.rejected().front().code + " " + tried.rejected().front().message);
      },
      seconds);
  add("can_be_loaded", "the host loads it", loads);
  if (!loads.succeeded) return results;
  add("lets_programs_end", "a program that loaded it ends as it would without",
      run_in_child([&] { Catalog::load_file(file); }, seconds, Ending::as_a_program));
  const auto catalog = Catalog::load_file(file);
  for (const auto& info : catalog.components()) {
    const auto given = params.find(info.id);
    check_component(info, catalog, given == params.end() ? nlohmann::json::object() : given->second, seconds,
                    is_wanted, results);
  }
  return results;
}

}  // namespace kindred::host
