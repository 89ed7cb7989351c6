#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture_plugins.hpp"
#include "host_process.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;
using ::testing::Not;

class Commands : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_{"commands"};
  testing::HostResult host(const std::vector<std::string>& arguments) {
    return testing::run_host(folder_, arguments);
  }
};

TEST_F(Commands, every_one_has_help_with_an_example) {
  for (const auto* name : {"run", "validate", "evaluate", "embed", "list", "describe", "schema", "inspect",
                           "new-plugin", "doctor"}) {
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

TEST_F(Commands, help_lists_and_inspection_do_not_load_LibTorch) {
  const testing::ScopedVariable traced("LD_DEBUG", "files");
  const auto core = std::string(KINDRED_TEST_PLUGINS) + "/core.kindred.so";
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"--version"}, {"list"}, {"list", "--help"}, {"inspect", core}}) {
    const auto result = host(arguments);
    EXPECT_EQ(result.code, 0) << arguments.front();
    EXPECT_THAT(result.error, Not(HasSubstr("libtorch"))) << arguments.front();
  }
  EXPECT_THAT(host({"doctor"}).error, HasSubstr("libtorch"))
      << "the trace shows nothing, so this test would never fail";
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
  EXPECT_THAT(result.out, HasSubstr("0.11.0"));
  EXPECT_THAT(result.out, HasSubstr("kindred.triplet"));
  EXPECT_THAT(result.out, Not(HasSubstr("margin =")));
  const auto loaded = host({"inspect", std::string(KINDRED_TEST_PLUGINS) + "/core.kindred.so", "--load"});
  EXPECT_THAT(loaded.out, HasSubstr("margin = 0.5"));
  EXPECT_NE(host({"inspect", KINDRED_TEST_HOST}).code, 0);
}

TEST_F(Commands, new_plugin_writes_a_project_and_says_how_to_build_it) {
  const auto made = host({"new-plugin", "--kind", "loss", "--name", "my_loss", "--vendor", "acme", "here"});
  EXPECT_EQ(made.code, 0) << made.error;
  EXPECT_THAT(made.out, HasSubstr("cmake --build"));
  EXPECT_THAT(read_file(folder_ / "here/my_loss.cpp"), HasSubstr("\"acme.my_loss\""));
  EXPECT_THAT(read_file(folder_ / "here/my_loss.cpp"), HasSubstr("class MyLoss"));
  EXPECT_THAT(read_file(folder_ / "here/CMakeLists.txt"), Not(HasSubstr("KINDRED_")));
  const auto again = host({"new-plugin", "--kind", "loss", "--name", "my_loss", "here"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.error, HasSubstr("not an empty folder"));
}

TEST_F(Commands, new_plugin_refuses_unknown_kinds_and_names_that_fit_no_id) {
  EXPECT_THAT(host({"new-plugin", "--kind", "los", "--name", "x", "y"}).error,
              HasSubstr("did you mean \"loss\""));
  EXPECT_THAT(host({"new-plugin", "--kind", "loss", "--name", "My-Loss", "y"}).error,
              HasSubstr("a-z, 0-9 and _"));
  EXPECT_THAT(host({"new-plugin", "--kind", "loss", "y"}).error, HasSubstr("--name my_loss"));
}

}  // namespace
}  // namespace kindred
