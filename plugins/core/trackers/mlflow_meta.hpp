#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// A text as a scalar of YAML in double quotation marks, on one line whatever it holds.
std::string yaml_quoted(std::string_view text);

/// A file meta.yaml of MLflow: a mapping with a scalar for each key, as PyYAML writes it. What is not set
/// stays as it was written, so that what another version of MLflow, or its user, put there is kept.
class MetaFile {
 public:
  MetaFile() = default;
  /// What is no such mapping gives keys without meaning, and is no error.
  explicit MetaFile(std::string_view text);

  bool has(std::string_view key) const;
  /// The text that a scalar stands for; empty where the key is absent.
  std::string value(std::string_view key) const;
  /// `scalar` is YAML: a number, `null`, or what yaml_quoted() returns.
  void set(const std::string& key, const std::string& scalar);
  std::string text() const;

 private:
  /// Each key with its scalar as it was written, which may have several lines.
  std::vector<std::pair<std::string, std::string>> entries_;
};

}  // namespace kindred
