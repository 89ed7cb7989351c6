#include "host/refinement/refinements.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "host/base/text.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

struct Named {
  std::string name;
  json params;  ///< an object of what was given
};

/// "alpha_qe:k=5,alpha=3" in its parts. `option`: for messages.
Named named_params(const std::string& option, const std::string& text) {
  const auto colon = text.find(':');
  Named out{text.substr(0, colon), json::object()};
  if (colon == std::string::npos) return out;
  for (size_t begin = colon + 1; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto part = text.substr(begin, end - begin);
    const auto equals = part.find('=');
    const auto value =
        equals == std::string::npos ? json() : json::parse(part.substr(equals + 1), nullptr, false);
    if (equals == 0 || !value.is_number()) {
      throw Error(fmt::format(
          "{} {} has \"{}\", which is no parameter and its number; write {}:key=number,key=number", option,
          text, part, out.name));
    }
    const auto key = part.substr(0, equals);
    if (out.params.contains(key)) throw Error(fmt::format("{} {} gives {} twice", option, text, key));
    out.params[key] = value;
    begin = end + 1;
  }
  return out;
}

template <class Params>
Params params_of(const std::string& option, const Named& given) {
  std::vector<ParamIssue> issues;
  auto params = Schema<Params>::get().read(given.params, issues);
  if (!issues.empty()) {
    const auto key = issues.front().pointer.empty() ? "" : issues.front().pointer.substr(1) + ": ";
    throw Error(fmt::format("{} {}: {}{}", option, given.name, key, issues.front().message));
  }
  return params;
}

[[noreturn]] void throw_unknown(const std::string& option, const std::string& name,
                                const std::vector<std::string>& known) {
  const auto meant = closest_name(name, known);
  throw Error(fmt::format("{} knows no \"{}\"{}; there are {}", option, name,
                          meant.empty() ? "" : ", did you mean " + meant + "?", joined(known)));
}

void read_rerank(const std::string& text, Refinements& out) {
  const auto given = named_params("--rerank", text);
  if (given.name == "k_reciprocal") {
    if (out.reciprocal) throw Error("--rerank k_reciprocal is given twice; rankings are ordered by it once");
    out.reciprocal = params_of<KReciprocal>("--rerank", given);
    return;
  }
  if (given.name != "alpha_qe" && given.name != "average_qe")
    throw_unknown("--rerank", given.name, {"alpha_qe", "average_qe", "k_reciprocal"});
  if (out.expansion) throw Error("--rerank expands the query twice; take alpha_qe or average_qe, once");
  if (given.name == "average_qe" && given.params.contains("alpha"))
    throw Error(
        "--rerank average_qe has no alpha, since all rows count alike; take alpha_qe, or leave it out");
  out.expansion = params_of<QueryExpansion>("--rerank", given);
  if (given.name == "average_qe") out.expansion->alpha = 0;
}

json to_json(const QueryExpansion& one) { return {{"k", one.k}, {"alpha", one.alpha}}; }
json to_json(const KReciprocal& one) {
  return {{"k1", one.k1}, {"k2", one.k2}, {"lambda", one.lambda}, {"depth", one.depth}};
}

}  // namespace

void QueryExpansion::describe(Schema<QueryExpansion>& schema) {
  schema.field("k", &QueryExpansion::k).doc("nearest rows that are added to the query").range(1, 1000);
  schema.field("alpha", &QueryExpansion::alpha)
      .doc("power of the similarity by which each counts")
      .range(0, 100);
}

void KReciprocal::describe(Schema<KReciprocal>& schema) {
  schema.field("k1", &KReciprocal::k1).doc("nearest rows that are looked at").range(1, 1000);
  schema.field("k2", &KReciprocal::k2).doc("nearest rows that are averaged over").range(1, 1000);
  schema.field("lambda", &KReciprocal::lambda).doc("how much the plain distance counts").range(0, 1);
  schema.field("depth", &KReciprocal::depth).doc("nearest rows that are ordered anew").range(1, 5000);
}

void CodeOptions::describe(Schema<CodeOptions>& schema) {
  schema.field("rescore", &CodeOptions::rescore)
      .doc("nearest rows by code that are compared as stored; 0: none")
      .range(0, 100000);
}

bool Refinements::any() const {
  return change_rows() || codes != CodeKind::none || expansion.has_value() || reciprocal.has_value();
}

Refinements read_refinements(const RefinementTexts& texts) {
  Refinements out;
  if (texts.cut < 0 || texts.whiten < 0) {
    throw Error(fmt::format("--{} is {}; it is how many numbers of an embedding are left, so at least 1",
                            texts.cut < 0 ? "cut" : "whiten", std::min(texts.cut, texts.whiten)));
  }
  out.cut = texts.cut;
  out.whiten = texts.whiten;
  if (!texts.codes.empty()) {
    const auto given = named_params("--codes", texts.codes);
    if (given.name != "int8" && given.name != "binary")
      throw_unknown("--codes", given.name, {"int8", "binary"});
    out.codes = given.name == "int8" ? CodeKind::int8 : CodeKind::binary;
    out.code_options = params_of<CodeOptions>("--codes", given);
  }
  for (const auto& text : texts.rerank) read_rerank(text, out);
  return out;
}

json refinements_json(const Refinements& refinements) {
  json out = json::object();
  if (refinements.cut > 0) out["cut"] = refinements.cut;
  if (refinements.whiten > 0) out["whiten"] = refinements.whiten;
  if (refinements.codes != CodeKind::none)
    out["codes"] = {{"kind", refinements.codes == CodeKind::int8 ? "int8" : "binary"},
                    {"rescore", refinements.code_options.rescore}};
  if (refinements.expansion) out["alpha_qe"] = to_json(*refinements.expansion);
  if (refinements.reciprocal) out["k_reciprocal"] = to_json(*refinements.reciprocal);
  return out;
}

std::string refinements_text(const Refinements& refinements) {
  std::string text;
  const auto all = refinements_json(refinements);
  for (const auto& [name, value] : all.items()) {
    std::string params;
    if (value.is_object()) {
      for (const auto& [key, number] : value.items()) {
        params += (params.empty() ? ":" : ",") + key + "=" +
                  (number.is_string() ? number.get<std::string>() : number.dump());
      }
    } else {
      params = " " + value.dump();
    }
    text += (text.empty() ? "" : ", ") + name + params;
  }
  return text;
}

}  // namespace kindred::host
