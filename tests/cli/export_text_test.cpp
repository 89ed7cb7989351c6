#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "../unit/plugins/text/golden.hpp"
#include "../unit/plugins/text/tiny_folder.hpp"
#include "host_process.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"
#include "small_pipeline.hpp"
#include "tensor_names.hpp"

/// `host export` of a model of texts.
namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

/// A BERT in a folder of sentence-transformers of old, whose transformer lies in a folder of its own.
class ExportOfTexts : public ::testing::Test {
 protected:
  ExportOfTexts() {
    const auto golden = testing::golden("golden_tiny.json");
    const testing::TinyFolder tiny(golden, testing::variant_named(golden, "mean"));
    const auto bert = folder_.path() / "bert";
    fs::create_directories(bert / "0_Transformer");
    for (const auto& entry : fs::directory_iterator(tiny.path())) {
      const auto name = entry.path().filename();
      const bool is_of_all = name == "modules.json" || name == "1_Pooling";
      fs::copy(entry.path(), (is_of_all ? bert : bert / "0_Transformer") / name, fs::copy_options::recursive);
    }
    auto modules = testing::read_json((bert / "modules.json").string());
    modules[0]["path"] = "0_Transformer";
    write_file_atomically((bert / "modules.json").string(), modules.dump());
    write_file_atomically((bert / "README.md").string(), "A card with a licence.");
    std::ofstream pairs(folder_ / "pairs.jsonl");
    for (const auto* word : {"cat", "mat", "sat", "the", "café", "on", "sitting", "a", "b", "c", "d", "e"})
      pairs << json{{"obj_a", word}, {"obj_b", std::string("the ") + word}}.dump() << "\n";
    testing::write_pipeline(folder_, pipeline("bert"));
  }

  static json pipeline(const std::string& folder) {
    return {{"kindred", 1},
            {"name", "sentences"},
            {"data",
             {{"dataset", {{"type", "pairs_jsonl"}, {"file", "pairs.jsonl"}}},
              {"split", {{"train", {{"fraction", 0.5}}}, {"validation", "none"}, {"test", "rest"}}}}},
            {"model",
             {{"encoders",
               {{"text", {{"type", "bert"}, {"folder", folder}, {"max_length", 12}, {"trainable", true}}}}}}},
            {"train",
             {{"loss", {{"type", "multiple_negatives_ranking"}}},
              {"batch_sampler", {{"type", "shuffle"}, {"batch_size", 6}}},
              {"optimizer", {{"type", "adam"}, {"lr", 0.01}}},
              {"epochs", 2}}},
            {"evaluate", {{"metrics", {{{"type", "precision_at_1"}}}}}}};
  }

  testing::HostResult host(const std::vector<std::string>& words) const {
    auto result = testing::run_host(folder_, words);
    EXPECT_EQ(result.code, 0) << result.error;
    return result;
  }

  at::Tensor embedded(const std::vector<std::string>& by) const {
    std::vector<std::string> words = {"embed", "--quiet", "--output", "e.npy", "--data", "pipeline.json"};
    words.insert(words.end(), by.begin(), by.end());
    host(words);
    return map_npy(folder_ / "e.npy").clone();
  }

  testing::TemporaryFolder folder_{"export_texts"};
};

TEST_F(ExportOfTexts, is_a_folder_of_sentence_transformers_with_the_tuned_weights) {
  host({"run", "pipeline.json", "--quiet", "--output", "run"});
  const auto said = host({"export", "--model", "run", "--to", "state_dict", "--output", "out", "--json"});
  const auto manifest = json::parse(said.out);
  EXPECT_EQ(manifest["input"], (json{{"name", "texts"}, {"dtype", "UTF-8"}, {"shape", {"batch"}}}));
  EXPECT_LE(manifest["check"]["largest_difference"].get<double>(), 1e-5);
  EXPECT_THAT(manifest["files"],
              ::testing::IsSupersetOf({"0_Transformer/model.safetensors", "modules.json",
                                       "0_Transformer/config.json", "0_Transformer/vocab.txt"}));
  EXPECT_EQ(read_file(folder_ / "out/README.base.md"), "A card with a licence.");
  EXPECT_EQ(manifest["encoder_parameters"]["max_length"], 12);
  EXPECT_THAT(
      read_file(folder_ / "out/README.md"),
      ::testing::AllOf(HasSubstr("`0_Transformer/model.safetensors` holds the encoder"),
                       HasSubstr("`config.json` came with those weights"), HasSubstr("README.base.md"),
                       HasSubstr("as `encoder_parameters` in `manifest.json` says")));
  const auto names = [&](const std::string& file) { return testing::tensor_names(folder_ / file); };
  EXPECT_THAT(names("out/0_Transformer/model.safetensors"),
              ::testing::UnorderedElementsAreArray(names("bert/0_Transformer/model.safetensors")));

  auto again = pipeline("out");
  again["model"]["encoders"]["text"].erase("trainable");
  again["train"]["epochs"] = 0;
  testing::write_pipeline(folder_, again, "again.json");
  host({"run", "again.json", "--quiet", "--output", "again"});
  const auto tuned = embedded({"--model", "run"});
  EXPECT_LE((embedded({"--model", "again"}) - tuned).abs().max().item<double>(), 1e-5);
}

}  // namespace
}  // namespace kindred
