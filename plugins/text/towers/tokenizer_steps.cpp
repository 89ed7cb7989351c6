#include "tokenizer_steps.hpp"

#include <algorithm>

#include "kindred/error.hpp"

namespace kindred {
using nlohmann::json;
namespace {

/// Sequences in sequences are gone through without recursion: a file may have any number of them.
std::string steps_of(const json& first) {
  std::string steps;
  std::vector<const json*> rest = {&first};
  while (!rest.empty()) {
    const auto& step = *rest.back();
    rest.pop_back();
    if (step.is_null()) continue;
    const auto type = step.at("type").get<std::string>();
    if (type != "Sequence") {
      steps += (steps.empty() ? "" : ", ") + type;
      continue;
    }
    const auto& inner = step.at(step.contains("normalizers") ? "normalizers" : "pretokenizers");
    for (auto it = inner.rbegin(); it != inner.rend(); ++it) rest.push_back(&*it);
  }
  return steps;
}

std::string named(const std::string& steps) { return steps.empty() ? "no step" : "\"" + steps + "\""; }

}  // namespace

void expect_steps(const JsonFile& file, const std::string& key, const std::vector<std::string>& known) {
  std::string steps;
  try {
    steps = steps_of(file.object().value(key, json()));
  } catch (const json::exception& error) {
    throw Error(file.path() + " has a \"" + key + "\" that is none of Hugging Face's: " + error.what());
  }
  if (std::find(known.begin(), known.end(), steps) != known.end()) return;
  std::string expected;
  for (const auto& one : known) expected += (expected.empty() ? "" : " or ") + named(one);
  throw Error(
      file.path() + " has " + named(steps) + " under \"" + key + "\", expected " + expected +
      ", which is what this encoder does to texts; take the tokenizer.json that came with the weights "
      "of a CLIP or a SigLIP 2");
}

}  // namespace kindred
