#pragma once

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace kindred::host {

/// How the embeddings of a model are to be compared, as its manifest says it:
/// "search": {"distance": "cosine", "unit_length": true}.
struct SearchTraits {
  std::string distance;               ///< one of distance_names()
  std::optional<bool> unit_length{};  ///< whether rows have length 1; nothing where it was not seen
  /// The model does not say its distance, since an earlier version saved it. `distance` is then the cosine,
  /// which is the default of every metric.
  bool is_assumed = false;
};

/// Returns the object under "search".
nlohmann::json search_json(const SearchTraits& traits);

/// What a manifest says. Throws Error when "search" is there and holds something else than search_json()
/// gives.
SearchTraits search_traits(const nlohmann::json& manifest);

/// Returns what a person should know of an assumed distance; empty where the model says its own.
/// `name`: of the model.
std::string assumption_text(const SearchTraits& traits, const std::string& name);

/// Says whether every row of `rows` (N, D) has length 1, as far as a model's arithmetic can say it: within
/// 1e-3. False where there is no row.
bool have_unit_length(const at::Tensor& rows);

}  // namespace kindred::host
