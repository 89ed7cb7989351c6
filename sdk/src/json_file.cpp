#include "kindred/io/json_file.hpp"

#include <filesystem>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred {

nlohmann::json read_json(const std::string& path) {
  auto value = parse_json(read_file(path));
  if (value.is_discarded()) throw Error(path + " is not JSON; download it again");
  return value;
}

JsonFile::JsonFile(std::string path) : path_(std::move(path)), object_(read_json(path_)) {
  if (!object_.is_object()) throw Error(path_ + " does not hold a JSON object; download it again");
}

JsonFile JsonFile::if_present(const std::string& path) {
  if (std::filesystem::exists(path)) return JsonFile(path);
  JsonFile none;
  none.path_ = path;
  return none;
}

JsonFile JsonFile::section(const std::string& key) const {
  JsonFile part;
  part.path_ = path_ + " under \"" + key + "\"";
  if (!has(key)) return part;
  if (!object_.at(key).is_object()) refuse(key, "an object");
  part.object_ = object_.at(key);
  return part;
}

JsonFile JsonFile::updated_by(const JsonFile& other) const {
  auto both = *this;
  both.object_.update(other.object_);
  return both;
}

bool JsonFile::has(const std::string& key) const {
  const auto it = object_.find(key);
  return it != object_.end() && !it->is_null();
}

void JsonFile::refuse(const std::string& key, const char* expected) const {
  const auto given = has(key) ? "\"" + key + "\" as " + json_text(object_.at(key)) : "no \"" + key + "\"";
  throw Error(path_ + " has " + given + ", expected " + expected);
}

int64_t JsonFile::integer(const std::string& key) const {
  if (!has(key) || !object_.at(key).is_number_integer()) refuse(key, "a whole number");
  return object_.at(key).get<int64_t>();
}

std::optional<int64_t> JsonFile::integer_if_present(const std::string& key) const {
  if (!has(key)) return {};
  return integer(key);
}

double JsonFile::number(const std::string& key, double otherwise) const {
  if (!has(key)) return otherwise;
  if (!object_.at(key).is_number()) refuse(key, "a number");
  return object_.at(key).get<double>();
}

std::optional<bool> JsonFile::boolean_if_present(const std::string& key) const {
  if (!has(key)) return {};
  if (!object_.at(key).is_boolean()) refuse(key, "true or false");
  return object_.at(key).get<bool>();
}

bool JsonFile::boolean(const std::string& key, bool otherwise) const {
  return boolean_if_present(key).value_or(otherwise);
}

std::string JsonFile::text(const std::string& key, const std::string& otherwise) const {
  if (!has(key)) return otherwise;
  if (!object_.at(key).is_string()) refuse(key, "a string");
  return object_.at(key).get<std::string>();
}

std::string JsonFile::token(const std::string& key, const std::string& otherwise) const {
  if (!has(key) || !object_.at(key).is_object()) return text(key, otherwise);
  const auto& content = object_.at(key).value("content", nlohmann::json());
  if (!content.is_string()) refuse(key, "a token");
  return content.get<std::string>();
}

}  // namespace kindred
