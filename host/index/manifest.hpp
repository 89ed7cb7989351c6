#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kindred/distance.hpp"

namespace kindred::host {

/// What is done to embeddings of the model before they are stored, and to a query before it is compared.
struct RowChange {
  int64_t cut = 0;           ///< the first numbers that are kept; 0: all
  bool unit_length = false;  ///< what is left of a row by the cut is brought back to length 1
  int64_t whiten = 0;        ///< the directions that whitening keeps; 0: no whitening
  bool mirror = false;  ///< before all that: an embedding is the mean of a picture's and its mirror image's
  bool any() const { return cut > 0 || whiten > 0 || mirror; }
};

/// What all rows of an index have in common; it never changes.
struct IndexSpace {
  std::string model_name;         ///< "" where the rows are of no model that is known
  std::string model_fingerprint;  ///< of the servable; "" likewise
  int64_t dimension = 0;          ///< numbers of a stored row
  int64_t model_dimension = 0;    ///< numbers of an embedding; 0: those of a row
  RowChange change{};             ///< how embeddings become rows
  Distance distance = Distance::cosine;
  at::ScalarType precision = at::kHalf;  ///< of the stored rows: kHalf or kFloat

  /// Rows and queries have length 1.
  bool unit_length() const { return distance.kind == Distance::cosine; }
  int64_t embedding_dimension() const { return model_dimension > 0 ? model_dimension : dimension; }
};

/// A file of the component or of the whitening, as it was when it was saved.
struct ComponentFile {
  std::string name, hash;
};
nlohmann::json to_json(const std::vector<ComponentFile>& files);
std::vector<ComponentFile> files_from_json(const nlohmann::json& text);

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

/// "the first 256 of 1280 numbers, whitened to 64"; "" where nothing is done.
std::string change_text(const IndexSpace& space);

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
