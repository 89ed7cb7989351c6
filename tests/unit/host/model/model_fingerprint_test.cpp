#include "host/model/model_fingerprint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::HasSubstr;

class ModelFingerprint : public ::testing::Test {
 protected:
  ModelFingerprint() {
    std::filesystem::create_directories(folder_ / "model/resources/words");
    write("model.json", R"({"kindred": 1, "name": "cars", "encoders": [{"type": "a", "params": {"width": 3}}],
                            "transforms": [], "heads": [], "metrics": {"tuned": 0.5}})");
    write("encoder.safetensors", "numbers");
    write("head.safetensors", "others");
    write("resources/words/list.txt", "one two");
  }
  void write(const std::string& file, const std::string& text) const {
    write_file_atomically(folder_ / ("model/" + file), text);
  }
  std::string of(const std::string& name = "model") const { return model_fingerprint(folder_ / name); }

  testing::TemporaryFolder folder_{"model_fingerprint"};
};

TEST_F(ModelFingerprint, changes_with_all_that_decides_embeddings) {
  auto before = of();
  const auto changes = [&](const std::string& file, const std::string& text) {
    write(file, text);
    const auto now = of();
    EXPECT_NE(now, before) << file;
    before = now;
  };
  changes("encoder.safetensors", "numberz");
  changes("head.safetensors", "");
  changes("resources/words/list.txt", "one");
  changes("resources/words/more.txt", "");
  changes("model.json",
          R"({"encoders": [{"type": "a", "params": {"width": 4}}], "transforms": [], "heads": []})");
  changes("model.json",
          R"({"encoders": [{"type": "a", "params": {"width": 4}}], "transforms": [{}], "heads": []})");
}

TEST_F(ModelFingerprint, does_not_change_with_name_metrics_and_place) {
  const auto before = of();
  EXPECT_EQ(before.size(), 32u);
  write("model.json", R"({"kindred": 1, "name": "other", "encoders": [{"params": {"width": 3}, "type": "a"}],
                          "transforms": [], "heads": [], "search": {"distance": "cosine"}})");
  EXPECT_EQ(of(), before);
  std::filesystem::rename(folder_ / "model", folder_ / "moved");
  EXPECT_EQ(of("moved"), before);
}

TEST_F(ModelFingerprint, names_what_is_missing) {
  std::filesystem::remove(folder_ / "model/head.safetensors");
  EXPECT_THAT(testing::thrown([&] { of(); }), HasSubstr("head.safetensors"));
  write("model.json", "{}");
  EXPECT_THAT(testing::thrown([&] { of(); }), HasSubstr("encoders"));
  write("model.json", "[");
  EXPECT_THAT(testing::thrown([&] { of(); }), HasSubstr("model.json"));
}

}  // namespace
}  // namespace kindred::host
