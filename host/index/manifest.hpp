#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kindred/distance.hpp"

namespace kindred::host {

/// What all rows of an index have in common; it never changes.
struct IndexSpace {
  std::string model_name;         ///< "" where the rows are of no model that is known
  std::string model_fingerprint;  ///< of the servable; "" likewise
  int64_t dimension = 0;
  Distance distance = Distance::cosine;
  at::ScalarType precision = at::kHalf;  ///< of the stored rows: kHalf or kFloat

  /// Rows and queries have length 1.
  bool unit_length() const { return distance.kind == Distance::cosine; }
};

/// A file of the component, as it was when it was saved.
struct ComponentFile {
  std::string name, hash;
};

/// The component that answers for the first rows of an index.
struct IndexComponent {
  std::string id;  ///< "": none was built; the rows are searched exactly
  std::string version;
  nlohmann::json params = nlohmann::json::object();
  int64_t oversample = 1;  ///< so many times k rows are asked of it, and ordered by the stored rows
  int64_t covered = 0;     ///< it was built over the rows [0, covered)
  std::string folder;      ///< of its files, in that of the index; "": it has none
  std::vector<ComponentFile> files;
};

nlohmann::json to_json(const IndexComponent& component);
IndexComponent component_from_json(const nlohmann::json& text);

/// "float16" or "float32".
std::string precision_name(at::ScalarType precision);
/// Throws Error that lists the names.
at::ScalarType precision_from_name(const std::string& name);

/// "cosine", or "lp with p = 3".
std::string distance_title(Distance distance);

/// How many there are, as manifest.json says it to people.
struct IndexCounts {
  int64_t rows = 0, removed = 0;
};

/// {"model": {"name", "fingerprint"}, "dimension", "distance", "unit_length", "precision", and "p" of lp}.
nlohmann::json space_json(const IndexSpace& space);
/// Reads what space_json() gave; `where` names the file in messages. Throws Error or json::exception.
IndexSpace space_from_json(const nlohmann::json& text, const std::string& where);

constexpr const char* kManifestFile = "manifest.json";

/// Writes manifest.json: the space, for good; component and counts as they are now, for people and other
/// programs. What counts of them stands in metadata.sqlite.
void write_manifest(const std::string& folder, const IndexSpace& space, const IndexComponent& component,
                    const IndexCounts& counts);

/// Throws Error when the folder is no index, or one of a version that is not known.
IndexSpace read_manifest(const std::string& folder);

/// Throws Error, with both names and fingerprints, unless a model of this fingerprint made the rows.
void check_model(const std::string& folder, const IndexSpace& space, const std::string& model_name,
                 const std::string& model_fingerprint);

}  // namespace kindred::host
