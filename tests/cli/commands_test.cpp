#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;

class Commands : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_{"commands"};
  testing::HostResult host(const std::vector<std::string>& arguments) {
    return testing::run_host(folder_, arguments);
  }
};

TEST_F(Commands, every_one_has_help_with_an_example) {
  for (const auto* name :
       {"run", "validate", "evaluate", "embed", "list", "describe", "schema", "inspect", "doctor"}) {
    const auto result = host({name, "--help"});
    EXPECT_EQ(result.code, 0) << name;
    EXPECT_THAT(result.out, HasSubstr("example:")) << name;
    EXPECT_THAT(host({}).error, HasSubstr(name));
  }
}

TEST_F(Commands, what_cannot_be_understood_is_a_usage_error) {
  EXPECT_EQ(host({}).code, 2);
  EXPECT_THAT(host({"rnu"}).error, HasSubstr("did you mean `run`"));
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"rnu"},
           {"run"},
           {"run", "a.json", "--nope"},
           {"run", "a", "b"},
           {"embed", "x"},
           {"embed", "--model", "m", "--pipeline", "p", "--output", "o.npy", "x"},
           {"embed", "--model", "m", "--output", "o.txt", "x"},
           {"evaluate", "p.json"}}) {
    EXPECT_EQ(host(arguments).code, 2) << ::testing::PrintToString(arguments);
  }
}

TEST_F(Commands, list_and_describe_show_what_the_plugins_declare) {
  const auto list = nlohmann::json::parse(host({"list", "--json"}).out);
  EXPECT_THAT(list.dump(), HasSubstr("kindred.triplet"));
  const auto text = host({"describe", "triplet"});
  EXPECT_EQ(text.code, 0);
  for (const auto* part : {"margin", "0.5", "mining", "semi_hard", "kindred.core"})
    EXPECT_THAT(text.out, HasSubstr(part));
  const auto unknown = host({"describe", "tripet"});
  EXPECT_NE(unknown.code, 0);
  EXPECT_THAT(unknown.error, HasSubstr("triplet"));
}

TEST_F(Commands, schema_covers_components_and_doctor_says_what_runs) {
  const auto schema = nlohmann::json::parse(host({"schema"}).out);
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_THAT(schema.dump(), HasSubstr("temperature"));
  const auto doctor = host({"doctor"});
  EXPECT_EQ(doctor.code, 0);
  for (const auto* part : {"libtorch", "blas", "cuda", "kindred.core"})
    EXPECT_THAT(doctor.out + doctor.error, HasSubstr(part));
  EXPECT_EQ(nlohmann::json::parse(host({"doctor", "--json"}).out).is_object(), true);
}

TEST_F(Commands, validate_tells_the_resolved_pipeline) {
  testing::write_vectors(folder_);
  testing::write_pipeline(folder_, testing::vectors_pipeline());
  EXPECT_EQ(host({"validate", "pipeline.json"}).code, 0);
  const auto result = nlohmann::json::parse(host({"validate", "pipeline.json", "--json"}).out);
  EXPECT_EQ(result["valid"], true);
  EXPECT_EQ(result["resolved"]["train"]["loss"]["temperature"], 0.1);
}

TEST_F(Commands, inspect_reads_a_plugin_without_loading_it) {
  const auto result = host({"inspect", std::string(KINDRED_TEST_PLUGINS) + "/core.kindred.so"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("0.1.0"));
  EXPECT_NE(host({"inspect", KINDRED_TEST_HOST}).code, 0);
}

}  // namespace
}  // namespace kindred
