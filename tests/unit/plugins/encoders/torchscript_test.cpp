#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "shared_folder.hpp"

namespace kindred {
namespace {

TEST(TorchScriptEncoder, gives_what_pytorch_gave) {
  KINDRED_SHARED_OR_SKIP(folder, "fixtures/checkpoints");
  at::NoGradGuard no_grad;
  std::ifstream file(folder + "/expected.json");
  const auto expected = nlohmann::json::parse(file)["torchscript_encoder"];
  auto encoder = testing::make<Encoder>("encoders", "kindred.torchscript",
                                        {{"module", folder + "/torchscript_encoder.pt"}, {"probe_size", 8}});
  const auto tensor = [](const nlohmann::json& value) {
    return at::tensor(value["values"].get<std::vector<float>>())
        .reshape(value["shape"].get<std::vector<int64_t>>());
  };
  const auto out = encoder->encode({tensor(expected["input"]), {}});
  EXPECT_EQ(encoder->dimension(), out.size(1));
  EXPECT_LE((out - tensor(expected["output"])).abs().max().item<double>(), 1e-6);
}

TEST(TorchScriptEncoder, refuses_files_that_are_none) {
  KINDRED_SHARED_OR_SKIP(folder, "fixtures/checkpoints");
  for (const auto* name :
       {"state_dict_zip.pth", "not_a_checkpoint.pth", "malicious.pkl.pth", "malicious_zip.pth"}) {
    try {
      testing::make<Encoder>("encoders", "kindred.torchscript", {{"module", folder + "/" + name}});
      ADD_FAILURE() << name << " was accepted";
    } catch (const std::exception& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("is no TorchScript module")) << name;
    }
  }
}

}  // namespace
}  // namespace kindred
