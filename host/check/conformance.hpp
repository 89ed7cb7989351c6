#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kindred::host {

enum class CheckStatus { passed, failed, skipped };

struct CheckResult {
  std::string component;  ///< id, or the file's name for what concerns the plugin
  std::string kind;
  std::string rule;
  std::string promise;  ///< what the rule asks
  CheckStatus status;
  std::string text;  ///< what went wrong, why it was skipped, or what was measured
};

/// Says whether a rule of a component, by its id, is to be tried.
using IsWanted = std::function<bool(const std::string& component, const std::string& rule)>;

/// Tries every rule of its kind on every component of a plugin file, each in a child process. `params`: by
/// component id, for those that cannot be made from their defaults; they are skipped otherwise. A file that
/// the host would not load gives one failed result that says why. With `is_wanted`, components are tried by
/// those rules alone, and by whether they can be made; the file is tried as ever. Call before anything of
/// LibTorch ran in this process, and leave the process by _exit(): the plugin stays loaded, and what it does
/// at the end would come between the results and whoever reads them.
std::vector<CheckResult> check_plugin(const std::string& file,
                                      const std::map<std::string, nlohmann::json>& params,
                                      int seconds_per_rule = 60, const IsWanted& is_wanted = nullptr);

}  // namespace kindred::host
