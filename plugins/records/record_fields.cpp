#include "record_fields.hpp"

#include <algorithm>

#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"

namespace kindred {
namespace {

constexpr ObjectKind kKinds[] = {ObjectKind::text, ObjectKind::image, ObjectKind::vector};

ObjectKind kind_of(const std::string& name, const nlohmann::json& value, const std::string& dataset) {
  const auto given = value.is_string() ? value.get<std::string>() : json_text(value);
  std::vector<std::string> known;
  for (const auto kind : kKinds) {
    if (value.is_string() && given == object_kind_name(kind)) return kind;
    known.emplace_back(object_kind_name(kind));
  }
  const auto close = closest_name(given, known);
  throw Error(dataset + ": the field \"" + name + "\" is " + json_text(value) +
              "; it must be \"text\", \"image\" or \"vector\"" +
              (close.empty() ? "" : ", did you mean \"" + close + "\"?"));
}

}  // namespace

std::vector<Field> fields_of(const nlohmann::json& value, const std::string& dataset) {
  if (!value.is_object() || value.empty()) {
    throw Error(dataset + ": fields is " + json_text(value) +
                R"(; it must be an object from names to kinds, such as {"title": "text", "photo": "image"})");
  }
  std::vector<Field> fields;
  for (const auto& [name, kind] : value.items()) {
    if (name.empty())
      throw Error(dataset + ": a field has an empty name; give it the key that it has in the file");
    fields.push_back({name, kind_of(name, kind, dataset)});
  }
  return fields;
}

std::string names_of(const std::vector<Field>& fields) {
  std::string list;
  for (const auto& field : fields) list += (list.empty() ? "" : ", ") + field.name;
  return list;
}

}  // namespace kindred
