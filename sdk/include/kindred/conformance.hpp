#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

/// The rules of kindred-check as GoogleTest cases of your own test program, beside your own tests. Link
/// kindred::testing, which says where kindred-check is.
///
///   int main(int argc, char** argv) {
///     testing::InitGoogleTest(&argc, argv);
///     kindred::testing::register_conformance_tests(MY_PLUGIN_FILE, {{"acme.files", {{"root",
///     "pictures"}}}}); return RUN_ALL_TESTS();
///   }
///
/// gives cases such as `acme.pull.loss.gradient_is_right`. kindred-check tries each rule in a process of its
/// own, so a component that crashes or hangs is a failed case and not the end of the program.
namespace kindred::testing {

/// What kindred-check says of a plugin file: a list of {"component", "kind", "rule", "asks", "status",
/// "text"}, where status is "passed", "failed" or "skipped". `params`: by component id, for those that cannot
/// be made from their defaults. Throws std::runtime_error when the program cannot be run.
inline nlohmann::json conformance_results(const std::string& plugin_file,
                                          const std::map<std::string, nlohmann::json>& params = {},
                                          const std::string& program = KINDRED_CHECK_PROGRAM) {
  const auto quoted = [](const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
  };
  auto command = quoted(program) + " " + quoted(plugin_file) + " --json";
  for (const auto& [id, value] : params) command += " --params " + quoted(id + "=" + value.dump());
  auto* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string text;
  std::array<char, 4096> part{};
  for (size_t count = 0; (count = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    text.append(part.data(), count);
  ::pclose(pipe);
  auto results = nlohmann::json::parse(text, nullptr, false);
  if (!results.is_array())
    throw std::runtime_error("`" + command + "` did not print results; run it to see why");
  return results;
}

/// One rule that was tried on one component.
class ConformanceCase : public ::testing::Test {
 public:
  explicit ConformanceCase(nlohmann::json result) : result_(std::move(result)) {}
  void TestBody() override {
    const auto text = result_.value("component", "") + " " + result_.value("text", "");
    if (result_.value("status", "") == "skipped") GTEST_SKIP() << text;
    if (result_.value("status", "") != "passed")
      ADD_FAILURE() << text << " (asked: " << result_.value("asks", "") << ")";
  }

 private:
  nlohmann::json result_;
};

/// Runs kindred-check and registers a case per component and rule. Call between InitGoogleTest and
/// RUN_ALL_TESTS.
inline void register_conformance_tests(const std::string& plugin_file,
                                       const std::map<std::string, nlohmann::json>& params = {},
                                       const std::string& program = KINDRED_CHECK_PROGRAM) {
  for (const auto& result : conformance_results(plugin_file, params, program)) {
    const auto suite = result.value("component", ""),
               name = result.value("kind", "") + "." + result.value("rule", "");
    ::testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [result]() -> ConformanceCase* { return new ConformanceCase(result); });
  }
}

}  // namespace kindred::testing
