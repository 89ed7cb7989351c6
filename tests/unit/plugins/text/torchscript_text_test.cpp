#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>

#include <fstream>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "temporary_folder.hpp"
#include "text_batch.hpp"

namespace kindred {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::text_batch;
using testing::thrown;

class TorchScriptText : public ::testing::Test {
 protected:
  TorchScriptText() {
    std::ofstream(folder_ / "vocab.txt") << "[UNK]\n[CLS]\n[SEP]\n[MASK]\n[PAD]\nred\nblue\nRed\n";
  }

  /// Of a module with a table of rows 0, 1, ..., 7 in `states`: (B, T, 2).
  std::string saved(const std::string& result) const {
    torch::jit::Module module("Made");
    module.register_parameter("table", at::arange(16, at::kFloat).view({8, 2}), false);
    module.define("def forward(self, ids, mask):\n  states = torch.embedding(self.table, ids)\n  return " +
                  result + "\n");
    module.save(folder_ / "module.pt");
    return folder_ / "module.pt";
  }

  std::shared_ptr<Encoder> made(const std::string& result,
                                nlohmann::json params = nlohmann::json::object()) const {
    params["module"] = saved(result);
    params["vocabulary"] = folder_ / "vocab.txt";
    return testing::make<Encoder>("text", "kindred.torchscript_text", params);
  }

  at::NoGradGuard no_grad_;
  TemporaryFolder folder_{"torchscript_text"};
};

TEST_F(TorchScriptText, takes_the_mean_of_tokens) {
  const auto encoder = made("states");
  EXPECT_EQ(encoder->object_kind(), ObjectKind::text);
  EXPECT_EQ(encoder->dimension(), 2);
  ASSERT_EQ(encoder->parameters().size(), 1u);
  // [CLS] Red [SEP] is 1 5 2; of the shorter text only its own tokens count.
  const auto out = encoder->encode(text_batch({"Red", "blue red blue"}));
  const double first = (1 + 5 + 2) / 3.0, second = (1 + 6 + 5 + 6 + 2) / 5.0;
  const auto expected = at::tensor({2 * first, 2 * first + 1, 2 * second, 2 * second + 1}, at::kDouble);
  EXPECT_LE((out.to(at::kDouble).flatten() - expected).abs().max().item<double>(), 1e-6);
}

TEST_F(TorchScriptText, gives_tokens_and_a_mask) {
  const auto encoder =
      made("torch.stack([ids.sum(1), mask.sum(1)], 1)", {{"lower_case", false}, {"max_length", 4}});
  const auto out = encoder->encode(text_batch({"Red", "blue blue blue blue"}));
  // 1 7 2 and a [PAD], which is 4; 1 6 6 2 after the cut.
  EXPECT_TRUE(at::equal(out, at::tensor({14, 3, 15, 4}, at::kFloat).view({2, 2})));
}

TEST_F(TorchScriptText, refuses_what_it_cannot_use) {
  EXPECT_THAT(thrown([&] { made("states.sum()"); }),
              AllOf(HasSubstr("cannot encode an empty text"), HasSubstr("expected (B, D) or (B, T, D)")));
  EXPECT_THAT(thrown([&] { made("(ids, mask)"); }), HasSubstr("is no tensor"));
  std::ofstream(folder_ / "text.pt") << "no module";
  EXPECT_THAT(thrown([&] {
                testing::make<Encoder>(
                    "text", "kindred.torchscript_text",
                    {{"module", folder_ / "text.pt"}, {"vocabulary", folder_ / "vocab.txt"}});
              }),
              HasSubstr("is no TorchScript module"));
  std::ofstream(folder_ / "vocab.txt") << "[UNK]\n[CLS]\n";
  EXPECT_THAT(thrown([&] { made("states"); }), HasSubstr("no token [SEP]"));
}

}  // namespace
}  // namespace kindred
