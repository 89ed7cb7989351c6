#pragma once

#include <cctype>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// What the golden file may hold, and how it is computed here.
namespace kindred::testing {

/// A name of the golden file, "circle(m=0.4,gamma=80)": its pattern "circle(m=#,gamma=#)" and its numbers.
/// Digits after a letter, as in "L2", belong to the word.
struct GoldenName {
  std::string pattern;
  std::vector<double> numbers;

  explicit GoldenName(const std::string& name) {
    const auto is = [&](size_t at, auto test) {
      return at < name.size() && test(static_cast<unsigned char>(name[at])) != 0;
    };
    for (size_t i = 0; i < name.size();) {
      if (!is(i, isdigit) || (i > 0 && is(i - 1, isalnum))) {
        pattern += name[i++];
        continue;
      }
      size_t length = 0;
      numbers.push_back(std::stod(name.substr(i), &length));
      pattern += '#';
      i += length;
    }
  }
};

/// One way to compute the losses of a pattern.
struct GoldenLoss {
  using Params = std::function<nlohmann::json(const std::vector<double>& numbers)>;

  const char* pattern;
  const char* loss;
  Params params;
  bool class_proxies = false;
  const char* miner = nullptr;  ///< that chooses what the loss sees
  Params miner_params = nullptr;
};

/// Some patterns have two ways: the loss mines by itself, or a miner does.
const std::vector<GoldenLoss>& golden_losses();

/// Names of metrics.
const std::vector<std::string>& golden_metrics();

}  // namespace kindred::testing
