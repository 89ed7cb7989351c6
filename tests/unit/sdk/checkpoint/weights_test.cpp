#include "kindred/io/weights.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/io/checkpoint.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"
#include "tensor_names.hpp"

/// Files as training scripts leave them, written by PyTorch and safetensors: see
/// tests/fixtures/weights/make.py.
namespace kindred {
namespace {
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string fixture(const std::string& name) { return KINDRED_TEST_WEIGHTS + ("/" + name); }

std::vector<NamedTensor> network() {
  return {{"conv.weight", at::zeros({2, 1, 1, 2})},
          {"norm.weight", at::zeros({2})},
          {"norm.running_var", at::zeros({2})}};
}

/// Loads a file; expects the network's own numbers in it. Returns what was noted.
std::string loaded(const std::string& path, const std::vector<NamedTensor>& target = network(),
                   const std::vector<NamingConvention>& conventions = {}) {
  const auto weights = read_weights(path, target, conventions);
  load_named_tensors("weights in " + path, target, weights.tensors, nullptr, nullptr);
  std::vector<at::Tensor> parts;
  for (const auto& one : target) parts.push_back(one.tensor.flatten());
  EXPECT_TRUE(at::equal(at::cat(parts), at::arange(8).to(at::kFloat))) << path;
  std::string notes;
  for (const auto& one : weights.notes) notes += one + "\n";
  return notes;
}

TEST(Weights, names_that_fit_are_left_alone) {
  const testing::TemporaryFolder folder("weights");
  const auto whole = at::arange(8).to(at::kFloat);
  write_safetensors(folder / "x", {{"conv.weight", whole.slice(0, 0, 4).reshape({2, 1, 1, 2})},
                                   {"norm.weight", whole.slice(0, 4, 6)},
                                   {"norm.running_var", whole.slice(0, 6, 8)}});
  EXPECT_EQ(loaded(folder / "x"), "");
}

TEST(Weights, prefixes_are_dropped_in_every_format_and_named) {
  EXPECT_THAT(loaded(fixture("module.pth")), HasSubstr("\"module.\" was dropped"));
  EXPECT_THAT(loaded(fixture("prefixes_legacy.pth")), HasSubstr("\"module._orig_mod.\" was dropped"));
  EXPECT_THAT(loaded(fixture("prefixes.safetensors")), HasSubstr("\"model.encoder.\" was dropped"));
  EXPECT_THAT(loaded(fixture("model.safetensors.index.json")), HasSubstr("\"module.\" was dropped"));
}

TEST(Weights, tensors_outside_the_prefix_are_left_out_and_named) {
  EXPECT_THAT(loaded(fixture("backbone_and_head.pth")),
              AllOf(HasSubstr("\"backbone.\" was dropped"),
                    HasSubstr("1 tensors without it were left out: \"head.weight\"")));
}

TEST(Weights, the_dictionary_of_the_tensors_is_found) {
  EXPECT_THAT(loaded(fixture("net.pth")), HasSubstr("under \"net\" were taken"));
  EXPECT_THAT(loaded(fixture("nested.pth")), HasSubstr("under \"teacher.backbone\" were taken"));
  EXPECT_THAT(loaded(fixture("state_dict_and_ema.pth")),
              HasSubstr("under \"state_dict\" were taken, not those under \"state_dict_ema\""));
}

TEST(Weights, a_network_that_is_there_twice_is_listed) {
  for (const auto& [file, first, second] : {std::array<const char*, 3>{"net_and_ema.pth", "net.", "ema."},
                                            {"two_encoders.pth", "encoder_q.", "encoder_k."}}) {
    const auto path = fixture(file);
    EXPECT_THAT(testing::thrown([&] { loaded(path); }),
                AllOf(HasSubstr(path), HasSubstr("2 times"), HasSubstr(first), HasSubstr(second)));
  }
  EXPECT_THAT(loaded(fixture("model_and_other.pth")),
              AllOf(HasSubstr("also under \"ema_model.\""), HasSubstr("\"model.\" was dropped")));
}

TEST(Weights, python_objects_beside_the_tensors_are_skipped_and_named) {
  EXPECT_THAT(loaded(fixture("net.pth")),
              HasSubstr("Python object argparse.Namespace under \"args\", which was skipped and not run"));
  EXPECT_THAT(loaded(fixture("prefixes_legacy.pth")), HasSubstr("argparse.Namespace under \"note\""));
}

TEST(Weights, an_object_in_place_of_the_tensors_is_refused_with_its_key) {
  for (const auto& [file, reason] :
       {std::pair<const char*, const char*>{"model_is_object.pth", "Plain under \"model\""},
        {"object_legacy.pth", "Plain\" where a dictionary of tensors is expected"}}) {
    const auto path = fixture(file);
    EXPECT_THAT(testing::thrown([&] { loaded(path); }),
                AllOf(HasSubstr(path), HasSubstr(reason), HasSubstr("model.state_dict()")));
  }
}

TEST(Weights, another_library_s_names_are_translated) {
  const std::vector<NamedTensor> own = {
      {"_conv.w", at::zeros({2, 1, 1, 2})}, {"_bn.w", at::zeros({2})}, {"_bn.v", at::zeros({2})}};
  const NamingConvention other = {
      "some", {{"conv.weight", "_conv.w"}, {"norm.weight", "_bn.w"}, {"norm.running_var", "_bn.v"}}};
  EXPECT_THAT(loaded(fixture("module.pth"), own, {other}),
              AllOf(HasSubstr("the names of some were translated"), HasSubstr("\"module.\" was dropped")));
}

TEST(Weights, what_is_missing_is_said_by_the_network_s_own_names) {
  auto target = network();
  target.push_back({"norm.bias", at::zeros({2})});
  EXPECT_THAT(testing::thrown([&] { loaded(fixture("prefixes.safetensors"), target); }),
              AllOf(HasSubstr("missing norm.bias"), Not(HasSubstr("model.encoder.conv"))));
}

TEST(Weights, an_index_whose_files_are_not_there_names_them) {
  const testing::TemporaryFolder folder("weights");
  const auto index = folder / "model.safetensors.index.json";
  write_file_atomically(index, read_file(fixture("model.safetensors.index.json")));
  const std::string second = "model-00002-of-00002.safetensors";
  write_file_atomically(folder / "model-00001-of-00002.safetensors",
                        read_file(fixture("model-00001-of-00002.safetensors")));
  EXPECT_THAT(testing::thrown([&] { loaded(index); }),
              AllOf(HasSubstr(index), HasSubstr(second), Not(HasSubstr("00001"))));
  write_file_atomically(folder / second, read_file(fixture("model-00001-of-00002.safetensors")));
  EXPECT_THAT(testing::thrown([&] { loaded(index); }),
              AllOf(HasSubstr(second), HasSubstr("lacks the tensor \"module.norm.running_var\"")));
  write_file_atomically(index, R"({"weight_map": {"a": "../a.safetensors"}})");
  EXPECT_THAT(testing::thrown([&] { loaded(index); }), HasSubstr("a file beside it"));
}

TEST(Weights, one_file_of_several_is_called_so) {
  const auto weights = read_weights(fixture("model-00001-of-00002.safetensors"), network());
  EXPECT_THAT(weights.notes, ::testing::Contains(HasSubstr("one of several files")));
}

TEST(Weights, a_file_that_is_cut_off_is_called_cut_off) {
  const testing::TemporaryFolder folder("weights");
  const auto bytes = read_file(fixture("prefixes.safetensors"));
  for (const size_t length : {bytes.size() - 1, bytes.size() - 30, size_t{100}, size_t{20}}) {
    write_file_atomically(folder / "x", bytes.substr(0, length));
    EXPECT_THAT(testing::thrown([&] { loaded(folder / "x"); }), HasSubstr("is cut off")) << length;
  }
  write_file_atomically(folder / "x", read_file(fixture("net.pth")).substr(0, 1000));
  EXPECT_THAT(testing::thrown([&] { loaded(folder / "x"); }), HasSubstr("cut off"));
  write_file_atomically(folder / "x", "");
  EXPECT_THAT(testing::thrown([&] { loaded(folder / "x"); }), HasSubstr("is empty"));
}

TEST(Weights, what_is_taken_for_weights_by_mistake_is_called_what_it_is) {
  const testing::TemporaryFolder folder("mistaken_weights");
  const auto refusal = [&](const std::string& name, const std::string& bytes) {
    write_file_atomically(folder / name, bytes);
    return testing::thrown([&] { read_checkpoint(folder / name); });
  };
  // The first byte is that which begins a pickle.
  EXPECT_THAT(refusal("a.safetensors", std::string("\x80\x02\0\0\0", 5)),
              HasSubstr("a.safetensors is cut off: it holds 5 bytes"));
  EXPECT_THAT(refusal("b.SAFETENSORS", std::string("\x10\0\0\0\0\0\0\0", 8)), HasSubstr("is cut off"));
  EXPECT_THAT(refusal("c.pth", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n"),
              HasSubstr("is a pointer of Git LFS"));
  EXPECT_THAT(refusal("d.pth", "\n<!DOCTYPE html>\n<html><body>Sign in</body></html>"),
              HasSubstr("is no checkpoint but a web page (HTML)"));
  EXPECT_THAT(refusal("e.safetensors", "<HTML><head>"), HasSubstr("is no checkpoint but a web page (HTML)"));
  EXPECT_THAT(refusal("f.pth", "<xml>"), HasSubstr("is no checkpoint"));
}

TEST(Weights, a_folder_names_the_file_in_it_that_is_meant) {
  const testing::TemporaryFolder folder("folder_of_weights");
  const auto refusal = [&] { return testing::thrown([&] { read_checkpoint(folder.path().string()); }); };
  EXPECT_THAT(refusal(), HasSubstr("is a folder; weights are a file, such as its model.safetensors"));
  write_safetensors(folder / "model.safetensors", {});
  EXPECT_THAT(refusal(),
              HasSubstr("is a folder; weights are a file: give " + (folder / "model.safetensors")));
  write_file_atomically(folder / "model.safetensors.index.json", "{}");
  EXPECT_THAT(refusal(), HasSubstr(": give " + (folder / "model.safetensors.index.json")));
}

TEST(Weights, of_a_folder_are_found_whole_or_by_their_index) {
  const testing::TemporaryFolder folder("found_weights");
  EXPECT_EQ(find_weights(folder.path().string()), "");
  for (const auto* name : {"pytorch_model.bin.index.json", "pytorch_model.bin",
                           "model.safetensors.index.json", "model.safetensors"}) {
    write_file_atomically(folder / name, "x");
    EXPECT_EQ(find_weights(folder.path().string()), folder / name)
        << "each is taken before those written earlier";
  }
}

TEST(Weights, reading_a_checkpoint_as_it_stands_drops_module_only) {
  const auto names = [](const std::string& file) { return testing::tensor_names(fixture(file)); };
  EXPECT_THAT(names("module.pth"), ElementsAre("conv.weight", "norm.weight", "norm.running_var"));
  EXPECT_THAT(names("prefixes.safetensors"), ::testing::Each(HasSubstr("model.encoder.")));
}

}  // namespace
}  // namespace kindred
