#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kindred::host {

/// What a pipeline says in place of a path for weights that are drawn at random on purpose.
constexpr const char* kRandomWeights = "random";

/// A file of weights that a component's schema names; see kindred::PublishedWeights.
struct PublishedFile {
  std::string name, url, sha256, licence, source;
  double mebibytes = 0;  ///< 0: not known
  nlohmann::json when;   ///< parameters that it fits
};

/// `field`: the entry of a parameter among a schema's "properties". Empty where none is published.
std::vector<PublishedFile> published_files(const nlohmann::json& field);

/// Says whether `params` have the values that `when` asks for.
bool holds_for(const nlohmann::json& when, const nlohmann::json& params);

/// The names of those of `files` that fit `params`.
std::vector<std::string> fitting_names(const std::vector<PublishedFile>& files, const nlohmann::json& params);

/// The folder of published weights: $KINDRED_WEIGHTS, or else kindred/weights in the user's folder of caches.
/// Absolute.
std::string weights_folder();

/// Where a published file lies, or is to be put.
std::string local_path(const PublishedFile& file);

}  // namespace kindred::host
