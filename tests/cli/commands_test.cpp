#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "fixture_plugins.hpp"
#include "host_process.hpp"
#include "kindred/abi/version.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

class Commands : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_{"commands"};
  testing::HostResult host(const std::vector<std::string>& arguments) {
    return testing::run_host(folder_, arguments);
  }
};

/// The names in the table that `host --help` prints.
std::vector<std::string> names_in(const std::string& usage) {
  std::vector<std::string> names;
  std::istringstream lines(usage);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("  ", 0) == 0) names.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return names;
}

TEST_F(Commands, every_one_has_help_with_an_example) {
  const auto names = names_in(host({"--help"}).out);
  EXPECT_THAT(names, IsSupersetOf({"cache", "run", "validate", "new-plugin"}));
  for (const auto& name : names) {
    const auto result = host({name, "--help"});
    EXPECT_EQ(result.code, 0) << name;
    EXPECT_THAT(result.out, HasSubstr("usage: host " + name));
    EXPECT_THAT(result.out, HasSubstr("example:\n  host " + name));
    EXPECT_THAT(host({}).error, HasSubstr(name));
  }
}

TEST_F(Commands, help_is_a_word_as_well_as_an_option) {
  EXPECT_EQ(host({"help", "run"}).out, host({"run", "--help"}).out);
  EXPECT_EQ(host({"help"}).out, host({"--help"}).out);
  const auto unknown = host({"help", "rnu"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.error, HasSubstr("there is no command `rnu`; did you mean `run`?"));
}

TEST_F(Commands, of_a_library_that_was_not_built_say_how_to_get_it) {
  std::filesystem::create_directories(folder_ / "bin");
  const auto program = folder_ / "bin/host", said = folder_ / "said.txt";
  std::filesystem::copy_file(KINDRED_TEST_HOST, program);
  EXPECT_NE(std::system((program + " search --index cars.index x.png 2>" + said).c_str()), 0);
  EXPECT_THAT(read_file(said),
              AllOf(HasSubstr("`host search` is in"), HasSubstr("libkindred_tools.so, which is not there"),
                    HasSubstr("cmake --build build/release --parallel 2")));
}

TEST_F(Commands, every_one_is_a_row_a_file_and_a_line_of_the_docs) {
  const std::string source = KINDRED_TEST_SOURCE;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(source + "/host/cli/commands")) {
    auto name = entry.path().stem().string();
    ASSERT_EQ(name.rfind("command_", 0), 0U) << entry.path();
    std::replace(name.begin(), name.end(), '_', '-');
    files.push_back(name.substr(std::string("command_").size()));
  }
  std::sort(files.begin(), files.end());
  EXPECT_EQ(names_in(host({"--help"}).out), files) << "host/cli/command_table.cpp beside host/cli/commands";
  const auto page = read_file(source + "/docs/commands.md");
  for (const auto& name : files) EXPECT_THAT(page, HasSubstr("| `" + name));
}

TEST_F(Commands, what_cannot_be_understood_is_a_usage_error) {
  EXPECT_EQ(host({}).code, 2);
  EXPECT_THAT(host({"rnu"}).error, HasSubstr("did you mean `run`"));
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"rnu"},
           {"run"},
           {"run", "a.json", "--nope"},
           {"run", "a", "b"},
           {"list", "--kind", "losss"},
           {"embed", "x"},
           {"embed", "--model", "m", "--pipeline", "p", "--output", "o.npy", "x"},
           {"embed", "--model", "m", "--output", "o.txt", "x"},
           {"evaluate", "p.json"}}) {
    EXPECT_EQ(host(arguments).code, 2) << ::testing::PrintToString(arguments);
  }
}

TEST_F(Commands, values_of_the_pipeline_given_without_set_are_told_how_they_are_given) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"run", "a.json", "epochs=3"},
                                                                     {"run", "a.json", "--epochs", "3"}}) {
    const auto result = host(arguments);
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.error, HasSubstr("--set train.epochs=3"));
  }
  EXPECT_THAT(host({"list", "--epochs", "3"}).error, Not(HasSubstr("--set")));
}

TEST_F(Commands, help_lists_and_inspection_do_not_load_LibTorch) {
  const testing::ScopedVariable traced("LD_DEBUG", "files");
  const auto core = std::string(KINDRED_TEST_PLUGINS) + "/core.kindred.so";
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"--help"},
                                                                     {"--version"},
                                                                     {"list"},
                                                                     {"list", "--help"},
                                                                     {"inspect", core},
                                                                     {"run", "--help"},
                                                                     {"validate", "--help"},
                                                                     {"evaluate", "--help"},
                                                                     {"embed", "--help"},
                                                                     {"doctor", "--help"},
                                                                     {"run", "a.json", "--nope"}}) {
    const auto result = host(arguments);
    EXPECT_EQ(result.code, arguments.back() == "--nope" ? 2 : 0) << arguments.front();
    EXPECT_THAT(result.error, Not(HasSubstr("libtorch"))) << arguments.front();
  }
  EXPECT_THAT(host({"doctor"}).error, HasSubstr("libtorch"))
      << "the trace shows nothing, so this test would never fail";
}

TEST_F(Commands, list_shows_what_the_plugins_declare) {
  const auto list = nlohmann::json::parse(host({"list", "--json"}).out);
  EXPECT_THAT(list.dump(), HasSubstr("kindred.triplet"));
  const auto miners = nlohmann::json::parse(host({"list", "--kind", "miner", "--json"}).out);
  EXPECT_GT(miners.size(), 5U);
  for (const auto& one : miners) EXPECT_EQ(one["kind"], "miner") << one;
  const auto text = host({"list", "--kind", "miner"}).out;
  EXPECT_THAT(text, HasSubstr("kindred.batch_hard"));
  EXPECT_THAT(text, Not(HasSubstr("kindred.triplet ")));
  const auto unknown = host({"list", "--kind", "miners"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.error, HasSubstr("no component is of the kind \"miners\"; did you mean \"miner\"?"));
}

TEST_F(Commands, list_says_which_files_were_refused_and_why) {
  const auto folder = folder_ / "plugins";
  std::filesystem::create_directory(folder);
  write_file_atomically(folder + "/notes.kindred.so", "no plugin at all");
  const auto listed = host({"list", "--plugins", folder});
  EXPECT_EQ(listed.code, 0);
  EXPECT_THAT(listed.error, HasSubstr("1 file(s) were not loaded"));
  const auto rejected =
      nlohmann::json::parse(host({"list", "--rejected", "--plugins", folder, "--json"}).out);
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_EQ(rejected[0]["code"], "KDP001");
  EXPECT_THAT(rejected[0]["file"], HasSubstr("notes.kindred.so"));
  EXPECT_THAT(host({"list", "--rejected", "--plugins", folder}).out, HasSubstr("KDP001"));
}

TEST_F(Commands, describe_shows_parameters_of_one_component) {
  const auto text = host({"describe", "triplet"});
  EXPECT_EQ(text.code, 0);
  for (const auto* part : {"margin", "0.5", "mining", "semi_hard", "kindred.core"})
    EXPECT_THAT(text.out, HasSubstr(part));
  EXPECT_THAT(host({"describe", "nt_xent"}).out, HasSubstr("also known as InfoNCE, NTXent"));
  EXPECT_THAT(host({"describe", "TripletMarginLoss"}).error, HasSubstr("did you mean \"triplet\"?"));
  const auto unknown = host({"describe", "tripet"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.error, HasSubstr("did you mean \"triplet\"?"));
}

TEST_F(Commands, describe_without_an_id_shows_all_of_a_kind) {
  const auto losses = host({"describe", "--kind", "loss"});
  EXPECT_EQ(losses.code, 0);
  for (const auto* part : {"loss kindred.triplet", "loss kindred.arc_face"})
    EXPECT_THAT(losses.out, HasSubstr(part));
  EXPECT_THAT(losses.out, Not(HasSubstr("miner kindred.")));
  const auto listed = nlohmann::json::parse(host({"list", "--json"}).out);
  EXPECT_EQ(nlohmann::json::parse(host({"describe", "--json"}).out).size(), listed.size());
  const auto unknown = host({"describe", "--kind", "los"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.error, HasSubstr("did you mean \"loss\"?"));
}

TEST_F(Commands, examples_name_components_so_that_only_one_is_meant) {
  const auto losses =
      nlohmann::json::parse(host({"describe", "--kind", "loss", "--plugins", testing::fixture_folder("good"),
                                  "--plugins", testing::fixture_folder("second"), "--json"})
                                .out);
  std::vector<std::string> types;
  for (const auto& one : losses) types.push_back(one["example"]["type"]);
  EXPECT_THAT(types, IsSupersetOf({"fixture.pull", "second.pull", "push", "triplet"}));
  EXPECT_THAT(types, Not(Contains("pull")));
}

TEST_F(Commands, schema_covers_components_and_doctor_says_what_runs) {
  const auto schema = nlohmann::json::parse(host({"schema"}).out);
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_THAT(schema.dump(), HasSubstr("temperature"));
  const auto doctor = host({"doctor"});
  EXPECT_EQ(doctor.code, 0);
  for (const auto* part : {"libtorch", "sqlite          3.", "blas", "cuda", "kindred.core"})
    EXPECT_THAT(doctor.out + doctor.error, HasSubstr(part));
  EXPECT_THAT(nlohmann::json::parse(host({"doctor", "--json"}).out).at("sqlite").get<std::string>(),
              HasSubstr("."));
}

TEST_F(Commands, doctor_says_what_it_cannot_time) {
  testing::write_pipeline(folder_, testing::vectors_pipeline());
  const auto any_length = host({"doctor", "--bench", "pipeline.json"});
  EXPECT_NE(any_length.code, 0);
  EXPECT_THAT(any_length.error, HasSubstr("reads vectors of any length"));
  EXPECT_THAT(host({"doctor", "--bench", "nowhere.json"}).error, HasSubstr("nowhere.json"));
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
  const auto core = std::string(KINDRED_TEST_PLUGINS) + "/core.kindred.so";
  const auto result = host({"inspect", core});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr(KINDRED_SDK_VERSION));
  EXPECT_THAT(result.out, HasSubstr("kindred.triplet"));
  EXPECT_THAT(result.out, Not(HasSubstr("margin =")));
  const auto read = nlohmann::json::parse(host({"inspect", core, "--json"}).out);
  EXPECT_EQ(read["accepted"], true);
  EXPECT_EQ(read["tag"]["sdk"], KINDRED_SDK_VERSION);
  EXPECT_THAT(read["offers"].dump(), HasSubstr("kindred.triplet"));
  EXPECT_FALSE(read.contains("components"));
  EXPECT_NE(host({"inspect", KINDRED_TEST_HOST}).code, 0);
}

TEST_F(Commands, inspect_loads_a_plugin_when_asked_to) {
  const auto core = std::string(KINDRED_TEST_PLUGINS) + "/core.kindred.so";
  EXPECT_THAT(host({"inspect", core, "--load"}).out, HasSubstr("margin = 0.5"));
  const auto loaded = nlohmann::json::parse(host({"inspect", core, "--load", "--json"}).out);
  EXPECT_EQ(loaded["components"].size() + 1, loaded["offers"].size());  // the plugin itself is offered, too
  EXPECT_THAT(loaded["components"][0]["params"].dump(), HasSubstr("properties"));
  // What the file says of itself fits, and only loading shows that a component has no schema.
  const auto bad = testing::fixture_file("wrong_schema");
  const auto refused = nlohmann::json::parse(host({"inspect", bad, "--load", "--json"}).out);
  EXPECT_EQ(refused["accepted"], false);
  EXPECT_EQ(refused["refusal"]["code"], "KDP013");
  EXPECT_EQ(host({"inspect", bad}).code, 0);
  EXPECT_EQ(host({"inspect", bad, "--load"}).code, 4);
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
