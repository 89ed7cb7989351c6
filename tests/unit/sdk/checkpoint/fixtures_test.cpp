#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "kindred/io/checkpoint.hpp"
#include "kindred/io/file.hpp"
#include "shared_folder.hpp"
#include "temporary_folder.hpp"

/// Files written by PyTorch and safetensors themselves, and files that must be refused.
namespace kindred {
namespace {
using ::testing::AllOf;
using ::testing::HasSubstr;

void expect_tensors(const std::string& path, const nlohmann::json& expected, double tolerance) {
  std::map<std::string, at::Tensor> read;
  for (const auto& one : read_checkpoint(path)) read[one.name] = one.tensor;
  EXPECT_EQ(read.size(), expected.size()) << path;
  for (const auto& [name, value] : expected.items()) {
    ASSERT_TRUE(read.count(name)) << path << " lacks " << name;
    const auto wanted = at::tensor(value["values"].get<std::vector<double>>(), at::kDouble)
                            .reshape(value["shape"].get<std::vector<int64_t>>());
    ASSERT_EQ(read[name].sizes(), wanted.sizes()) << path << " " << name;
    EXPECT_TRUE(read[name].is_contiguous());
    EXPECT_TRUE(at::allclose(read[name].to(at::kDouble), wanted, tolerance, tolerance * 1e-2))
        << path << " " << name;
  }
}

TEST(Checkpoint, every_good_file_gives_its_tensors) {
  KINDRED_SHARED_OR_SKIP(folder, "fixtures/checkpoints");
  const auto expected = nlohmann::json::parse(read_file(folder + "/expected.json"));
  for (const auto* name : {"state_dict_zip.pth", "state_dict_legacy.pth", "state_dict.safetensors",
                           "training_checkpoint_zip.pth"}) {
    expect_tensors(folder + "/" + name, expected["state_dict"], 1e-7);
  }
  for (const auto* name : {"views_zip.pth", "views_legacy.pth"})
    expect_tensors(folder + "/" + name, expected["views"], 1e-7);
  expect_tensors(folder + "/state_dict_half_zip.pth", expected["state_dict"], 1e-3);
  expect_tensors(folder + "/state_dict_bfloat16_zip.pth", expected["state_dict"], 1e-2);
  EXPECT_EQ(read_checkpoint(folder + "/parameter_dict_zip.pth").size(), 1u);
}

TEST(Checkpoint, every_bad_file_is_refused_with_its_reason) {
  KINDRED_SHARED_OR_SKIP(folder, "fixtures/checkpoints");
  const std::map<std::string, std::string> reasons = {
      {"malicious.pkl.pth", "posix.system"},     {"malicious_zip.pth", "posix.system"},
      {"whole_module_zip.pth", "Linear"},        {"truncated_zip.pth", "damaged"},
      {"truncated_legacy.pth", "truncated"},     {"bad_offsets.safetensors", "fc.weight"},
      {"bad_shape.safetensors", "fc.weight"},    {"huge_header.safetensors", "header claims"},
      {"not_a_checkpoint.pth", "no checkpoint"}, {"torchscript_encoder.pt", "torchscript encoder"}};
  for (const auto& [name, reason] : reasons) {
    const auto path = folder + "/" + name;
    EXPECT_THAT(testing::thrown([&] { read_checkpoint(path); }), AllOf(HasSubstr(path), HasSubstr(reason)));
  }
}

}  // namespace
}  // namespace kindred
