#include <gtest/gtest.h>

#include "fixture_plugins.hpp"
#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using nlohmann::json;

bool has_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return type == "null" && value.is_null();
}

/// The keywords of JSON Schema that docs/result.schema.json uses.
void check(const json& schema, const json& value, const std::string& place) {
  if (schema.contains("type")) {
    bool any = false;
    for (const auto& type : schema["type"].is_array() ? schema["type"] : json::array({schema["type"]}))
      any = any || has_type(value, type);
    EXPECT_TRUE(any) << place << " is " << value << ", expected " << schema["type"];
  }
  if (schema.contains("const")) {
    EXPECT_EQ(value, schema["const"]) << place;
  }
  if (schema.contains("enum")) {
    EXPECT_NE(std::find(schema["enum"].begin(), schema["enum"].end(), value), schema["enum"].end()) << place;
  }
  if (schema.contains("minimum") && value.is_number()) {
    EXPECT_GE(value.get<double>(), schema["minimum"].get<double>()) << place;
  }
  for (const auto& key : schema.value("required", json::array()))
    EXPECT_TRUE(value.contains(key)) << place << " lacks " << key;
  if (value.is_object()) {
    const auto properties = schema.value("properties", json::object());
    for (const auto& [key, inner] : value.items()) {
      if (properties.contains(key)) {
        check(properties[key], inner, place + "/" + key);
      } else if (schema.contains("additionalProperties")) {
        EXPECT_TRUE(schema["additionalProperties"].is_object()) << place << " must not have " << key;
        if (schema["additionalProperties"].is_object())
          check(schema["additionalProperties"], inner, place + "/" + key);
      }
    }
  }
  if (value.is_array() && schema.contains("items")) {
    for (size_t i = 0; i < value.size(); ++i)
      check(schema["items"], value[i], place + "/" + std::to_string(i));
  }
}

TEST(ResultSchema, of_a_series_holds_for_runs_that_completed_and_failed) {
  const auto schema = testing::read_json(std::string(KINDRED_TEST_SOURCE) + "/docs/results.schema.json");
  const testing::TemporaryFolder folder("series_schema");
  testing::write_vectors(folder);
  auto pipeline = testing::vectors_pipeline();
  pipeline["train"]["epochs"] = 2;
  testing::write_pipeline(folder, pipeline);
  const auto made = testing::run_host(
      folder, {"run", "pipeline.json", "--json", "--quiet", "--output", "out", "--grid",
               R"(evaluate.metrics=[{"type":"r_precision"}],[{"type":"map_at_r"}])", "--seeds", "2"});
  ASSERT_EQ(made.code, 0) << made.error;
  check(schema, json::parse(made.out), "results.json");
  pipeline["plugins"] = {testing::fixture_folder("faulty")};
  pipeline["train"]["loss"] = {{"type", "faulty.loss"}, {"what", "error"}};
  testing::write_pipeline(folder, pipeline);
  const auto failed = testing::run_host(
      folder, {"run", "pipeline.json", "--quiet", "--output", "failed", "--grid", "train.loss.call=3,1000"});
  EXPECT_EQ(failed.code, 1) << failed.error;
  check(schema, testing::read_json(folder / "failed/results.json"), "results.json");
}

TEST(ResultSchema, holds_for_completed_and_failed_runs) {
  const auto schema = testing::read_json(std::string(KINDRED_TEST_SOURCE) + "/docs/result.schema.json");
  const testing::TemporaryFolder folder("schema");
  testing::write_vectors(folder);
  testing::write_pipeline(folder, testing::vectors_pipeline());
  EXPECT_EQ(testing::run_host(folder, {"run", "pipeline.json", "--quiet", "--output", "good"}).code, 0);
  check(schema, testing::read_json(folder / "good/result.json"), "");
  // Products of embeddings have no bound, so a wild learning rate makes them overflow.
  const auto result = testing::run_host(
      folder, {"run", "pipeline.json", "--quiet", "--output", "bad", "--set",
               R"(train.optimizer={"type":"sgd","lr":1000})", "--set",
               R"(train.loss={"type":"triplet","mining":"all","distance":"dot","normalize":false})"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.error.find("train.optimizer.lr"), std::string::npos) << result.error;
  const auto failed = testing::read_json(folder / "bad/result.json");
  check(schema, failed, "");
  EXPECT_EQ(failed["status"], "failed");
}

}  // namespace
}  // namespace kindred
