#include "host/pipeline/pipeline_schema.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pipeline_fixture.hpp"

namespace kindred::host {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::fixture_catalog;
using testing::fixture_folder;
using ::testing::UnorderedElementsAre;

bool is_list_of_texts(const json& value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const json& v) { return v.is_string(); });
}

/// The rules of the JSON Schema meta-schema for the keywords that are used.
void check_schema(const json& schema, const json& root, const std::string& where) {
  ASSERT_TRUE(schema.is_object()) << where << " is " << schema.dump();
  for (const auto& [key, value] : schema.items()) {
    const auto here = where + "/" + key;
    if (key == "required") {
      EXPECT_TRUE(is_list_of_texts(value)) << here;
    } else if (key == "enum") {
      EXPECT_TRUE(value.is_array()) << here;
    } else if (key == "$ref") {
      const auto target = json::json_pointer(value.get<std::string>().substr(1));
      EXPECT_TRUE(root.contains(target)) << here << " -> " << value;
    } else if (key == "type") {
      const std::vector<std::string> types{"object",  "array",   "string", "number",
                                           "integer", "boolean", "null"};
      EXPECT_THAT(types, Contains(value.get<std::string>())) << here;
    } else if (key == "minimum" || key == "maximum") {
      EXPECT_TRUE(value.is_number()) << here;
    } else if (key == "description" || key == "title" || key == "$schema") {
      EXPECT_TRUE(value.is_string()) << here;
    } else if (key == "properties" || key == "$defs") {
      ASSERT_TRUE(value.is_object()) << here;
      for (const auto& [name, child] : value.items()) check_schema(child, root, here + "/" + name);
    } else if (key == "items" || key == "if" || key == "then" || key == "else" || key == "not") {
      check_schema(value, root, here);
    } else if (key == "anyOf" || key == "allOf") {
      ASSERT_TRUE(value.is_array() && !value.empty()) << here;
      for (const auto& child : value) check_schema(child, root, here);
    } else if (key == "additionalProperties") {
      if (!value.is_boolean()) check_schema(value, root, here);
    } else {
      const std::vector<std::string> others{"default", "const", "minProperties", "maxProperties", "minItems"};
      const bool known =
          key.rfind("x-", 0) == 0 || std::find(others.begin(), others.end(), key) != others.end();
      EXPECT_TRUE(known) << here << " is no keyword that editors know";
    }
  }
}

/// The branch that holds when "type" is `name`.
json branch(const json& schema, const std::string& kind, const std::string& name) {
  for (const auto& one : schema["$defs"][kind]["allOf"]) {
    const auto& names = one["if"]["properties"]["type"]["enum"];
    if (std::find(names.begin(), names.end(), name) != names.end()) return one["then"];
  }
  ADD_FAILURE() << kind << " " << name << " is missing";
  return json::object();
}

TEST(PipelineSchema, IsASchemaOfDraft202012) {
  const auto schema = pipeline_schema(fixture_catalog());
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  check_schema(schema, schema, "");
}

TEST(PipelineSchema, HoldsWithoutPlugins) {
  const auto schema = pipeline_schema(Catalog());
  check_schema(schema, schema, "");
  EXPECT_EQ(schema["$defs"]["loss"]["properties"]["type"]["enum"], json::array());
}

TEST(PipelineSchema, HasEverySection) {
  const auto properties = pipeline_schema(fixture_catalog())["properties"];
  std::vector<std::string> names;
  for (const auto& [name, unused] : properties.items()) names.push_back(name);
  EXPECT_THAT(names,
              UnorderedElementsAre("kindred", "name", "seed", "device", "plugins", "data", "model", "cache",
                                   "train", "evaluate", "output", "versions", "extends", "$schema"));
}

TEST(PipelineSchema, RequiresSectionsOnlyWithoutExtends) {
  const auto schema = pipeline_schema(fixture_catalog());
  EXPECT_FALSE(schema.contains("required"));
  EXPECT_EQ(schema["if"], json::parse(R"({"not": {"required": ["extends"]}})"));
  EXPECT_EQ(schema["then"]["required"], json::parse(R"(["kindred", "data", "model", "evaluate"])"));
}

TEST(PipelineSchema, ListsEveryComponentUnderBothNames) {
  const auto schema = pipeline_schema(fixture_catalog());
  for (const auto& component : fixture_catalog().components()) {
    const auto names =
        schema["$defs"][component.kind]["properties"]["type"]["enum"].get<std::vector<std::string>>();
    EXPECT_THAT(names, Contains(component.id));
    EXPECT_THAT(names, Contains(component.short_name));
    const auto then = branch(schema, component.kind, component.short_name);
    EXPECT_EQ(then["description"], component.summary);
    for (const auto& [name, field] : component.schema["properties"].items()) {
      EXPECT_EQ(then["properties"][name], field) << component.id << " " << name;
    }
  }
}

TEST(PipelineSchema, LeavesOutAmbiguousShortNames) {
  const auto catalog =
      Catalog::load(std::vector<std::string>{fixture_folder("good"), fixture_folder("second")});
  const auto schema = pipeline_schema(catalog);
  EXPECT_THAT(schema["$defs"]["loss"]["properties"]["type"]["enum"].get<std::vector<std::string>>(),
              UnorderedElementsAre("fixture.pull", "second.pull", "second.push", "push"));
}

TEST(PipelineSchema, KnowsParametersAndTheHostsKeysOfEncoders) {
  const auto schema = pipeline_schema(fixture_catalog());
  const auto encoder = branch(schema, "encoder", "scale");
  EXPECT_TRUE(encoder["properties"].contains("trainable"));
  EXPECT_EQ(encoder["properties"]["factor"]["minimum"], 0.125);
  EXPECT_EQ(encoder["additionalProperties"], false);
  EXPECT_FALSE(branch(schema, "loss", "pull")["properties"].contains("trainable"));
  EXPECT_THAT(branch(schema, "transform", "crop")["required"].get<std::vector<std::string>>(),
              ElementsAre("size"));
}

}  // namespace
}  // namespace kindred::host
