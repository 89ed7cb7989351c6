#include "host/model/search_traits.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "kindred/distance.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr double kLengthTolerance = 1e-3;  // bfloat16 inside an encoder is followed by a division in float32

}  // namespace

json search_json(const SearchTraits& traits) {
  json out = {{"distance", traits.distance}};
  if (traits.unit_length) out["unit_length"] = *traits.unit_length;
  return out;
}

SearchTraits search_traits(const json& manifest) {
  SearchTraits traits;
  if (!manifest.contains("search")) {
    traits.distance = "cosine";
    traits.is_assumed = true;
    return traits;
  }
  const auto& search = manifest["search"];
  const bool is_object = search.is_object() && search.contains("distance") && search["distance"].is_string();
  if (!is_object || (search.contains("unit_length") && !search["unit_length"].is_boolean())) {
    throw Error("\"search\" in the model's model.json is " + json_text(search) +
                "; expected an object such as {\"distance\": \"cosine\", \"unit_length\": true}");
  }
  traits.distance = search["distance"].get<std::string>();
  distance_from_name(traits.distance);  // throws for one that nobody knows
  if (search.contains("unit_length")) traits.unit_length = search["unit_length"].get<bool>();
  return traits;
}

std::string assumption_text(const SearchTraits& traits, const std::string& name) {
  if (!traits.is_assumed) return "";
  return fmt::format(
      "the model {} was saved by an earlier version and does not say by which distance its embeddings are "
      "compared; {} is taken, which metrics use where a pipeline names none",
      name, traits.distance);
}

bool have_unit_length(const at::Tensor& rows) {
  if (rows.size(0) == 0) return false;
  const auto lengths = rows.detach().to(at::kFloat).norm(2, {1});
  return (lengths - 1).abs().le(kLengthTolerance).all().item<bool>();
}

}  // namespace kindred::host
