#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kindred::host {

class Catalog;

/// The places of a pipeline where a key may stand.
struct KeyPlaces {
  std::vector<std::string> exact;  ///< "train.epochs": where the key is known as it was written
  std::vector<std::string> other;  ///< "train.optimizer.lr" for "learning_rate": where it has another name
};

/// Where `key` may stand in `pipeline`: in the sections, and in the components that it names. `pointer`: the
/// object that holds it now, which is not among the places.
KeyPlaces places_of_key(const std::string& key, const std::string& pointer, const nlohmann::json& pipeline,
                        const Catalog& catalog);

/// The sentence for a key that belongs to one of `places`: "... write train.epochs: \"train\": {...}".
std::string misplaced_key_text(const std::string& key, const nlohmann::json& value,
                               const std::vector<std::string>& places);

}  // namespace kindred::host
