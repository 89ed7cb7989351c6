#include <gmock/gmock.h>

#include <map>

#include "kindred/io/published_tensors.hpp"
#include "vit_fixture.hpp"

namespace kindred {
namespace {

using testing::vit;
using testing::VitFolder;

std::vector<NamedTensor> published(const std::shared_ptr<Encoder>& encoder) {
  const auto* tensors = dynamic_cast<const PublishedTensors*>(encoder.get());
  return tensors == nullptr ? std::vector<NamedTensor>{} : tensors->published_tensors();
}

class VitPublished : public testing::VitTest {};

TEST_F(VitPublished, are_the_tensors_of_the_file_that_was_read) {
  for (const auto& made : golden_.at("cases")) {
    const auto name = made.at("name").get<std::string>();
    const VitFolder folder(made);
    const auto written = published(vit(folder));
    ASSERT_FALSE(written.empty()) << name;
    for (const auto& one : written) {
      const auto& all = folder.tensors();
      const auto read = std::find_if(all.begin(), all.end(),
                                     [&](const NamedTensor& other) { return other.name == one.name; });
      ASSERT_NE(read, all.end()) << name << " has no " << one.name;
      EXPECT_EQ(read->tensor.sizes(), one.tensor.sizes()) << name << " " << one.name;
      EXPECT_TRUE(at::equal(read->tensor.to(at::kFloat), one.tensor)) << name << " " << one.name;
    }
  }
}

TEST_F(VitPublished, are_read_again_with_a_pooling_that_the_library_has_not) {
  const VitFolder folder(testing::case_named(golden_, "dinov2"));
  const auto pictures = testing::golden_pictures(16, 16);
  for (const auto* pooling : {"gem", "attention"}) {
    const auto trained = vit(folder, {{"pooling", pooling}});
    for (const auto& one : trained->parameters()) {
      if (one.name.rfind("pool.", 0) == 0) one.tensor.add_(0.25);
    }
    const auto expected = trained->encode(pictures);
    folder.write_weights(published(trained));
    EXPECT_EQ(testing::difference(vit(folder, {{"pooling", pooling}})->encode(pictures), expected), 0)
        << pooling;
  }
}

TEST_F(VitPublished, of_a_variant_have_the_names_and_shapes_of_timm) {
  std::map<std::string, std::vector<int64_t>> sizes;
  for (const auto& one : published(testing::vit_from({{"variant", "vit_small_patch14_dinov2"}})))
    sizes[one.name] = one.tensor.sizes().vec();
  EXPECT_EQ(sizes["cls_token"], (std::vector<int64_t>{1, 1, 384}));
  EXPECT_EQ(sizes["pos_embed"], (std::vector<int64_t>{1, 1370, 384}));
  EXPECT_EQ(sizes["patch_embed.proj.weight"], (std::vector<int64_t>{384, 3, 14, 14}));
  EXPECT_EQ(sizes["blocks.0.attn.qkv.weight"], (std::vector<int64_t>{3 * 384, 384}));
  EXPECT_EQ(sizes["blocks.11.ls2.gamma"], (std::vector<int64_t>{384}));
}

}  // namespace
}  // namespace kindred
