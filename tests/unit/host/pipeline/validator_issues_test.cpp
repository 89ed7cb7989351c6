// Every way to get a pipeline wrong, with the place and the words that the report must have.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "pipeline_fixture.hpp"

namespace kindred::host {
namespace {

using nlohmann::json;
using testing::fixture_folder;
using testing::good_pipeline;
using ::testing::HasSubstr;
using testing::issues_of;
using testing::TempFolder;

struct Expected {
  std::string pointer;
  std::vector<std::string> words;
};

struct Mistake {
  const char* name;
  const char* patch;  ///< JSON merge patch of the good pipeline
  std::vector<Expected> issues;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class Mistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreReported) {
  auto pipeline = good_pipeline();
  pipeline.merge_patch(json::parse(GetParam().patch));
  const TempFolder folder;
  folder.write("classes.json", "[0, 1]");
  folder.write("no_classes.json", R"({"classes": [0]})");
  folder.write("negative.json", R"({"train_classes": [0, -1]})");
  const auto file = folder.write("pipeline.json", pipeline.dump(2));
  auto found = issues_of(file);
  for (const auto& expected : GetParam().issues) {
    const auto matches = [&](const Issue& issue) {
      return issue.pointer == expected.pointer &&
             std::all_of(expected.words.begin(), expected.words.end(), [&](const std::string& word) {
               return issue.message.find(word) != std::string::npos;
             });
    };
    const auto it = std::find_if(found.begin(), found.end(), matches);
    if (it == found.end()) {
      ADD_FAILURE() << "not reported: " << expected.pointer << " "
                    << ::testing::PrintToString(expected.words);
      continue;
    }
    EXPECT_EQ(it->file, file);
    found.erase(it);
  }
  for (const auto& issue : found) ADD_FAILURE() << "not expected: " << issue_text(issue);
}

const std::vector<Mistake>& mistakes() {
  static const std::vector<Mistake> all = {
      // What the host itself reads.
      {"unknown_section",
       R"({"trian": {}})",
       {{"/trian", {"unknown parameter \"trian\"", "did you mean \"train\"?"}}}},
      {"unknown_key", R"({"train": {"epoch": 3}})", {{"/train/epoch", {"did you mean \"epochs\"?"}}}},
      {"no_version", R"({"kindred": null})", {{"", {"\"kindred\" is required and missing"}}}},
      {"other_version", R"({"kindred": 2})", {{"/kindred", {"between 1 and 1 but is 2"}}}},
      {"no_data", R"({"data": null})", {{"", {"\"data\" is required and missing"}}}},
      {"no_model", R"({"model": null})", {{"", {"\"model\" is required and missing"}}}},
      {"no_evaluate", R"({"evaluate": null})", {{"/evaluate", {"the section is missing", "metrics"}}}},
      {"section_of_wrong_type", R"({"train": 5})", {{"/train", {"expected an object, got number"}}}},
      {"wrong_type",
       R"({"train": {"epochs": "many"}})",
       {{"/train/epochs", {"must be an integer", "the string \"many\""}}}},
      {"fraction_for_integer",
       R"({"train": {"epochs": 1.5}})",
       {{"/train/epochs", {"integer", "without a fraction"}}}},
      {"out_of_range",
       R"({"train": {"epochs": -1}})",
       {{"/train/epochs", {"between 0 and 10000000 but is -1"}}}},
      {"below_minimum", R"({"seed": -3})", {{"/seed", {"at least 0 but is -3"}}}},
      {"not_one_of",
       R"({"data": {"on_error": "skipp"}})",
       {{"/data/on_error", {"one of \"skip\", \"fail\"", "did you mean \"skip\"?"}}}},
      {"device", R"({"device": "gpu"})", {{"/device", {"\"gpu\" is not a device", "cuda:N"}}}},
      {"device_number", R"({"device": "cuda:x"})", {{"/device", {"\"cuda:x\""}}}},
      {"name_with_slash", R"({"name": "a/b"})", {{"/name", {"\"a/b\" cannot be a folder name"}}}},
      {"name_with_dot_first", R"({"name": "..",  "seed": 1})", {{"/name", {"cannot be a folder name"}}}},
      {"plugins_not_a_list", R"({"plugins": "here"})", {{"/plugins", {"must be an array"}}}},
      {"plugin_not_a_text",
       R"({"plugins": ["here", 4]})",
       {{"/plugins/1", {"element 1", "must be a string"}}}},
      {"optimizer_type",
       R"({"train": {"optimizer": {"type": "adamm"}}})",
       {{"/train/optimizer/type", {"\"adam\", \"adamw\", \"sgd\"", "did you mean \"adam"}}}},
      {"optimizer_key",
       R"({"train": {"optimizer": {"learning_rate": 1}}})",
       {{"/train/optimizer/learning_rate", {"unknown parameter", "lr"}}}},
      {"nesterov",
       R"({"train": {"optimizer": {"type": "sgd", "nesterov": true}}})",
       {{"/train/optimizer/nesterov", {"needs a momentum"}}}},
      {"schedule",
       R"({"train": {"schedule": {"type": "step", "step_epochs": 0}}})",
       {{"/train/schedule/step_epochs", {"at least 1"}}}},
      {"no_loss_in_the_list",
       R"({"train": {"loss": []}})",
       {{"/train/loss", {"the list of losses is empty"}}}},
      {"loss_of_a_list",
       R"({"train": {"loss": [{"type": "pull"}, {"type": "pul"}]}})",
       {{"/train/loss/1/type", {"did you mean \"pull\"?"}}}},
      {"miner",
       R"({"train": {"loss": {"type": "pull", "miner": {"type": "nearst"}}}})",
       {{"/train/loss/miner/type", {"no miner is called \"nearst\"", "did you mean \"nearest\"?"}}}},
      {"miner_parameter",
       R"({"train": {"loss": {"type": "pull", "miner": {"type": "nearest", "count": 0}}}})",
       {{"/train/loss/miner/count", {"at least 1 but is 0"}}}},
      {"memory_size",
       R"({"train": {"loss": {"type": "pull", "memory": {"size": 0}}}})",
       {{"/train/loss/memory/size", {"between 1 and 100000000 but is 0"}}}},
      {"loss_key",
       R"({"train": {"loss": {"type": "pull", "wieght": 2}}})",
       {{"/train/loss/wieght", {"did you mean \"weight\"?"}}}},
      {"monitor",
       R"({"train": {"early_stopping": {"monitor": "accuracy"}}})",
       {{"/train/early_stopping/monitor", {"\"accuracy\" is not", "validation.loss"}}}},
      {"monitor_without_validation",
       R"({"data": {"split": {"validation": "none"}}, "train": {"early_stopping": {"monitor": "validation.loss"}}})",
       {{"/train/early_stopping/monitor", {"needs validation classes"}}}},
      {"cache",
       R"({"cache": {"type": "ram", "batch_size": 0}})",
       {{"/cache/type", {"\"auto\", \"disk\", \"cpu\", \"gpu\""}},
        {"/cache/batch_size", {"between 1 and 65536"}}}},
      {"output",
       R"({"output": {"dir": "x"}})",
       {{"/output/dir", {"unknown parameter \"dir\"", "directory"}}}},
      {"split_by", R"({"data": {"split": {"by": "sample"}}})", {{"/data/split/by", {"one of \"class\""}}}},
      {"split_fraction",
       R"({"data": {"split": {"train": {"fraction": 1.5}}}})",
       {{"/data/split/train/fraction", {"between 0", "1.5"}}}},
      {"split_two_ways",
       R"({"data": {"split": {"train": {"fraction": 0.5, "classes_file": "classes.json"}}}})",
       {{"/data/split/train", {"one of classes_file, first and fraction"}}}},
      {"classes_absent",
       R"({"data": {"split": {"train": {"classes_file": "absent.json"}}}})",
       {{"/data/split/train/classes_file", {"absent.json", "No such file"}}}},
      {"classes_no_list",
       R"({"data": {"split": {"train": {"classes_file": "no_classes.json"}}}})",
       {{"/data/split/train/classes_file", {"holds no list of classes"}}}},
      {"classes_negative",
       R"({"data": {"split": {"train": {"classes_file": "negative.json"}}}})",
       {{"/data/split/train/classes_file", {"lists -1"}}}},
      {"validation_word",
       R"({"data": {"split": {"validation": "some"}}})",
       {{"/data/split/validation", {"\"test\" or \"none\", got \"some\""}}}},
      {"validation_fraction",
       R"({"data": {"split": {"validation": {"fraction": 0.95}}}})",
       {{"/data/split/validation/fraction", {"0.9", "0.95"}}}},
      // Keys at another place than theirs, and under the names that they have elsewhere.
      {"epochs_at_the_top",
       R"({"epochs": 3})",
       {{"/epochs",
         {"\"epochs\" is not known here; it belongs at train.epochs: {\"train\": {\"epochs\": 3}}, or --set "
          "train.epochs=3"}}}},
      {"lr_of_the_section",
       R"({"train": {"lr": 0.1}})",
       {{"/train/lr",
         {"it belongs at train.optimizer.lr: {\"train\": {\"optimizer\": {\"lr\": 0.1}}}, or --set "
          "train.optimizer.lr=0.1"}}}},
      {"learning_rate_at_the_top",
       R"({"learning_rate": 0.1})",
       {{"/learning_rate", {"it belongs at train.optimizer.lr"}}}},
      {"key_of_a_component",
       R"({"batch_size": 8})",
       {{"/batch_size", {"it belongs at train.batch_sampler.batch_size or cache.batch_size"}}}},
      {"key_of_an_encoder",
       R"({"model": {"trainable": {"from": "a"}}})",
       {{"/model/trainable", {"it belongs at model.encoders.point.trainable: ", "{\"trainable\": ...}"}}}},
      {"key_of_the_optimizer_in_a_loss",
       R"({"train": {"loss": {"weight_decay": 0.1}}})",
       {{"/train/loss/weight_decay", {"it belongs at train.optimizer.weight_decay"}}}},
      {"misspelt_rather_than_misplaced",
       R"({"train": {"epoch": 3, "optimizer": {"learningRate": 1}}})",
       {{"/train/epoch", {"did you mean \"epochs\"?"}},
        {"/train/optimizer/learningRate", {"did you mean \"lr\"?"}}}},
      // Components.
      {"component_by_the_name_of_another_library",
       R"({"train": {"loss": {"type": "AttractionLoss"}}})",
       {{"/train/loss/type",
         {"no loss is called \"AttractionLoss\"; did you mean \"pull\"?; there are: pull"}}}},
      {"component_that_is_a_choice_of_another",
       R"({"train": {"loss": {"type": "Hard"}}})",
       {{"/train/loss/type", {"did you mean {\"type\": \"pull\", \"mining\": \"hard\"}?"}}}},
      {"unknown_component",
       R"({"train": {"loss": {"type": "pul"}}})",
       {{"/train/loss/type", {"no loss is called \"pul\"", "did you mean \"pull\"?", "there are: pull"}}}},
      {"component_of_another_vendor",
       R"({"train": {"loss": {"type": "acme.pull"}}})",
       {{"/train/loss/type", {"no loss is called \"acme.pull\"", "there are: pull"}}}},
      {"component_of_another_kind",
       R"({"train": {"loss": {"type": "hit"}}})",
       {{"/train/loss/type", {"no loss is called \"hit\"", "it is the name of a metric"}}}},
      {"component_as_text",
       R"({"train": {"loss": "pull"}})",
       {{"/train/loss", {"expected a loss", "{\"type\": \"NAME\"}", "host list --kind loss"}}}},
      {"component_without_type",
       R"({"train": {"loss": {"type": null, "margin": 1}}})",
       {{"/train/loss", {"expected a loss"}}}},
      {"type_not_a_text", R"({"train": {"loss": {"type": 3}}})", {{"/train/loss", {"expected a loss"}}}},
      {"no_loss", R"({"train": {"loss": null}})", {{"/train", {"\"loss\" is required and missing"}}}},
      {"no_dataset", R"({"data": {"dataset": null}})", {{"/data", {"\"dataset\" is required and missing"}}}},
      {"parameter_unknown",
       R"({"train": {"loss": {"margn": 1}}})",
       {{"/train/loss/margn", {"unknown parameter \"margn\"", "did you mean \"margin\"?"}}}},
      {"parameter_of_nothing",
       R"({"data": {"transforms": [{"type": "invert", "size": 3}]}})",
       {{"/data/transforms/0/size", {"it takes no parameters"}}}},
      {"parameter_type",
       R"({"train": {"loss": {"margin": "wide"}}})",
       {{"/train/loss/margin", {"must be a number"}}}},
      {"parameter_range",
       R"({"train": {"loss": {"margin": 11}}})",
       {{"/train/loss/margin", {"between 0", "10", "is 11"}}}},
      {"parameter_choice",
       R"({"train": {"loss": {"mining": "hart"}}})",
       {{"/train/loss/mining", {"one of \"all\", \"hard\"", "did you mean \"hard\"?"}}}},
      {"parameter_element",
       R"({"data": {"dataset": {"origin": [0, 2]}}})",
       {{"/data/dataset/origin/1", {"element 1 of \"origin\"", "between -1"}}}},
      {"parameter_required",
       R"({"data": {"transforms": [{"type": "crop"}]}})",
       {{"/data/transforms/0", {"\"size\" is required and missing", "Side of the square"}}}},
      {"parameter_unit",
       R"({"data": {"transforms": {"type": "crop", "size": 0}}})",
       {{"/data/transforms/size", {"between 1 and 4096 px but is 0"}}}},
      {"train_transforms",
       R"({"data": {"train_transforms": [{"type": "invert"}, {"type": "crop", "size": "8"}]}})",
       {{"/data/train_transforms/1/size", {"must be an integer"}}}},
      {"path_absent",
       R"({"data": {"dataset": {"annotations": "absent.csv"}}})",
       {{"/data/dataset/annotations",
         {"there is no file or folder", "/absent.csv", "folder of the pipeline file"}}}},
      {"weights_absent",
       R"({"model": {"encoders": {"point": {"weights": "/absent/weights.pt"}}}})",
       {{"/model/encoders/point/weights", {"there is no file or folder /absent/weights.pt"}}}},
      // Models.
      {"no_encoder", R"({"model": {"encoders": {"point": null}}})", {{"/model/encoders", {"one encoder"}}}},
      {"a_switch_on_nothing",
       R"({"model": {"head": {"type": null, "switch": {"on": "other", "heads": [null, null]}}}})",
       {{"/model/head/switch/on", {"no encoder is called \"other\"; there are: "}}}},
      {"encoders_missing",
       R"({"model": {"encoders": null}})",
       {{"/model", {"\"encoders\" is required and missing"}}}},
      {"encoders_as_list",
       R"({"model": {"encoders": [{"type": "scale"}]}})",
       {{"/model/encoders", {"one encoder"}}}},
      {"encoder_type",
       R"({"model": {"encoders": {"point": {"type": "skale"}}}})",
       {{"/model/encoders/point/type", {"no encoder is called", "did you mean \"scale\"?"}}}},
      {"encoder_name_is_escaped",
       R"({"model": {"encoders": {"point": null, "a/b": {"type": "scale", "factor": 0}}}})",
       {{"/model/encoders/a~1b/factor", {"at least 0.125"}}}},
      {"encoder_option",
       R"({"model": {"encoders": {"point": {"trainable": "yes"}}}})",
       {{"/model/encoders/point/trainable", {"must be a boolean"}}}},
      {"encoder_option_misspelt",
       R"({"model": {"encoders": {"point": {"trainabel": true}}}})",
       {{"/model/encoders/point/trainabel", {"did you mean \"trainable\"?"}}}},
      {"head_in_list",
       R"({"model": {"head": [{"type": "diagonal"}, {"type": "diagonal", "start": 99}]}})",
       {{"/model/head/1/start", {"between -10"}}}},
      // Measuring.
      {"no_metrics_key",
       R"({"evaluate": {"metrics": null}})",
       {{"/evaluate", {"\"metrics\" is required and missing"}}}},
      {"no_metric", R"({"evaluate": {"metrics": []}})", {{"/evaluate/metrics", {"at least one metric"}}}},
      {"metric",
       R"({"evaluate": {"metrics": [{"type": "hit"}, {"type": "hit", "k": 0}, "hit"]}})",
       {{"/evaluate/metrics/1/k", {"between 1"}}, {"/evaluate/metrics/2", {"expected a metric"}}}},
      {"eval_sampler",
       R"({"evaluate": {"eval_sampler": {"type": "every_nht"}}})",
       {{"/evaluate/eval_sampler/type", {"no eval_sampler is called", "did you mean \"every_nth\"?"}}}},
      // Everything is checked, also behind a mistake.
      {"several",
       R"({"seed": "x", "device": "tpu", "nmae": "a",
          "data": {"dataset": {"type": "pointz"}, "threads": 2000},
          "model": {"encoders": {"point": {"type": "hit", "precision": "half"}}, "head": {"begin": 1}},
          "train": {"loss": {"margin": -1, "minning": "all"}, "optimizer": {"lr": true}},
          "evaluate": {"metrics": [{"k": 1}], "baseline": 1}})",
       {{"/seed", {"must be an integer"}},
        {"/device", {"tpu"}},
        {"/nmae", {"did you mean \"name\"?"}},
        {"/data/dataset/type", {"did you mean \"points\"?"}},
        {"/data/threads", {"between 0 and 1024"}},
        {"/model/encoders/point/precision", {"\"auto\", \"float32\""}},
        {"/model/encoders/point/type", {"it is the name of a metric"}},
        {"/model/head/begin", {"unknown parameter"}},
        {"/train/loss/margin", {"between 0"}},
        {"/train/loss/minning", {"did you mean \"mining\"?"}},
        {"/train/optimizer/lr", {"must be a number"}},
        {"/evaluate/metrics/0", {"expected a metric"}},
        {"/evaluate/baseline", {"must be a boolean"}}}},
  };
  return all;
}

INSTANTIATE_TEST_SUITE_P(Pipelines, Mistakes, ::testing::ValuesIn(mistakes()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Ambiguity, AsksForTheFullId) {
  const auto catalog =
      Catalog::load(std::vector<std::string>{fixture_folder("good"), fixture_folder("second")});
  const TempFolder folder;
  auto pipeline = good_pipeline();
  const auto file = folder.write("pipeline.json", pipeline.dump());
  const auto issues = issues_of(file, {}, catalog);
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].pointer, "/train/loss/type");
  EXPECT_THAT(issues[0].message, HasSubstr("\"pull\" is the short name of more than one loss"));
  EXPECT_THAT(issues[0].message, HasSubstr("fixture.pull or second.pull"));
  EXPECT_TRUE(issues_of(file, {"train.loss.type=second.pull"}, catalog).empty());
}

TEST(NoPlugins, SaysThatNothingOffersTheKind) {
  const TempFolder folder;
  const auto file = folder.write("pipeline.json", good_pipeline().dump());
  const Catalog empty;
  const auto issues = issues_of(file, {}, empty);
  ASSERT_EQ(issues.size(), 6U);
  for (const auto& issue : issues)
    EXPECT_THAT(issue.message, HasSubstr("no plugin offers one")) << issue.pointer;
}

}  // namespace
}  // namespace kindred::host
