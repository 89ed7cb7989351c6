#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/check/conformance.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace po = boost::program_options;
using nlohmann::json;
namespace {

constexpr const char* kUsage =
    "usage: kindred-check FILE.kindred.so [--params ID=JSON ...] [--seconds N] [--json] [--quiet]\n\n"
    "Tries on every component of a plugin what the SDK asks of its kind, each rule in a process of its own, "
    "and ends "
    "with 1 when one is broken.\n\n";

/// Splits ID={...} into the id and its parameters, as in "acme.files={"root": "pictures"}".
std::pair<std::string, json> split_parameters(const std::string& text) {
  const auto equals = text.find('=');
  auto value = equals == std::string::npos ? json() : json::parse(text.substr(equals + 1), nullptr, false);
  if (!value.is_object()) {
    throw Error("--params \"" + text +
                "\" is not ID={...}; for example --params 'acme.files={\"root\": \"pictures\"}'");
  }
  return {text.substr(0, equals), std::move(value)};
}

const char* word(CheckStatus status) {
  return status == CheckStatus::passed ? "passed" : status == CheckStatus::failed ? "failed" : "skipped";
}

int run(int argc, char** argv) {
  po::options_description options("options");
  options.add_options()("help,h", "this text")("file", po::value<std::string>(), "the plugin")(
      "params", po::value<std::vector<std::string>>()->composing(),
      "ID=JSON: parameters of a component that needs some")("seconds", po::value<int>()->default_value(60),
                                                            "time that one rule may take")(
      "json", "results as JSON")("quiet,q", "only what did not pass");
  po::positional_options_description positional;
  positional.add("file", 1);
  po::variables_map values;
  po::store(po::command_line_parser(argc, argv).options(options).positional(positional).run(), values);
  if (values.count("help") != 0 || values.count("file") == 0) {
    (values.count("help") != 0 ? std::cout : std::cerr) << kUsage << options;
    return values.count("help") != 0 ? kExitOk : kExitUsage;
  }
  std::map<std::string, json> params;
  if (values.count("params") != 0) {
    for (const auto& one : values["params"].as<std::vector<std::string>>())
      params.insert(split_parameters(one));
  }
  const auto results = check_plugin(values["file"].as<std::string>(), params, values["seconds"].as<int>());
  for (const auto& [id, unused] : params) {
    const bool known = std::any_of(results.begin(), results.end(), [&, wanted = id](const CheckResult& one) {
      return one.component == wanted;
    });
    if (!known) throw Error("--params names \"" + id + "\", which the plugin does not offer");
  }
  json list = json::array();
  int64_t counts[3] = {};
  bool nothing_tried = true;
  for (const auto& one : results) {
    ++counts[static_cast<int>(one.status)];
    // That the file can be loaded says nothing of its components.
    nothing_tried = nothing_tried && (one.kind == "plugin" || one.status == CheckStatus::skipped);
    list.push_back({{"component", one.component},
                    {"kind", one.kind},
                    {"rule", one.rule},
                    {"asks", one.promise},
                    {"status", word(one.status)},
                    {"text", one.text}});
    const bool shown = values.count("quiet") == 0 || one.status != CheckStatus::passed;
    if (values.count("json") != 0 || !shown) continue;
    std::cout << word(one.status) << "  " << one.kind << " " << one.component << "  " << one.rule;
    if (!one.text.empty()) std::cout << ": it " << one.text;
    if (one.status == CheckStatus::failed && !one.promise.empty())
      std::cout << " (asked: " << one.promise << ")";
    std::cout << "\n";
  }
  if (values.count("json") != 0) {
    std::cout << json_text(list, 2) << "\n";
  } else {
    std::cout << counts[0] << " passed, " << counts[1] << " failed, " << counts[2] << " skipped\n";
  }
  nothing_tried = nothing_tried && counts[1] == 0;
  if (nothing_tried)
    std::cerr << (counts[2] > 0
                      ? "error: no component was tried, since all need parameters; give them with --params\n"
                      : "error: the plugin offers no component\n");
  return counts[1] > 0 || nothing_tried ? 1 : kExitOk;
}

}  // namespace
}  // namespace kindred::host

int main(int argc, char** argv) {
  int status = kindred::host::kExitUsage;
  try {
    status = kindred::host::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
  }
  std::cout.flush();
  ::_exit(status);  // what the plugin does at the end of a program was tried by a child
}
