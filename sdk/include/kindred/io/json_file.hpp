#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace kindred {

/// One JSON object in a file; what is missing or of another type is an Error that names file and key. A null
/// is as good as missing.
class JsonFile {
 public:
  /// Throws Error when there is no such file, or it does not hold an object.
  explicit JsonFile(std::string path);
  /// The result is empty when there is no such file.
  static JsonFile if_present(const std::string& path);

  /// The object that stands under `key`; its path() names the key, too. Empty when there is none.
  JsonFile section(const std::string& key) const;
  /// The same with what `other` says in place of what stands here.
  JsonFile updated_by(const JsonFile& other) const;

  const std::string& path() const { return path_; }
  const nlohmann::json& object() const { return object_; }
  bool has(const std::string& key) const;

  int64_t integer(const std::string& key) const;
  std::optional<int64_t> integer_if_present(const std::string& key) const;
  double number(const std::string& key, double otherwise) const;
  bool boolean(const std::string& key, bool otherwise) const;
  std::optional<bool> boolean_if_present(const std::string& key) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  /// Reads a token, which is a string, or an object that holds it under "content".
  std::string token(const std::string& key, const std::string& otherwise) const;

 private:
  JsonFile() = default;
  [[noreturn]] void refuse(const std::string& key, const char* expected) const;

  std::string path_;
  nlohmann::json object_ = nlohmann::json::object();
};

/// The content of a file that must be JSON. Throws Error.
nlohmann::json read_json(const std::string& path);

}  // namespace kindred
