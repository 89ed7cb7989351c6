#include "host/export/script_file.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/serialization/import.h>

#include "kindred/error.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {

TEST(ScriptFile, gives_what_the_network_gives_and_refuses_other_sizes) {
  const testing::TemporaryFolder folder("script_file");
  const auto weight = at::rand({6, 4}), example = at::rand({2, 3, 4});
  const Network network = [&](const at::Tensor& x) {
    return at::linear(x, weight).reshape({x.size(0), 18}).relu();
  };
  const auto path = folder / "model.pt";
  write_script_file(path, *recorded_graph(network, example, at::rand({3, 3, 4})), example);
  const auto opened = open_script_file(path);
  for (const int64_t size : {1, 4, 9}) {
    const auto x = at::rand({size, 3, 4});
    EXPECT_TRUE(at::allclose(opened(x), network(x))) << size;
  }
  EXPECT_ANY_THROW(opened(at::rand({2, 6, 4})));
  EXPECT_ANY_THROW(opened(at::rand({2, 3, 8})));
  EXPECT_ANY_THROW(opened(at::rand({2, 4, 3})));
  EXPECT_ANY_THROW(opened(at::rand({2, 1, 4})));
  EXPECT_ANY_THROW(opened(at::rand({2, 3, 1})));
  EXPECT_ANY_THROW(opened(at::rand({2, 1, 1})));
  EXPECT_ANY_THROW(opened(at::rand({3, 4})));
}

TEST(ScriptFile, holds_its_tensors_as_parameters_that_go_to_another_type_or_device) {
  const testing::TemporaryFolder folder("script_parameters");
  const auto weight = at::rand({6, 4});
  const Network network = [&](const at::Tensor& x) { return at::linear(x, weight); };
  write_script_file(folder / "model.pt", *recorded_graph(network, at::rand({2, 4}), at::rand({3, 4})),
                    at::rand({2, 4}));
  auto module = torch::jit::load(folder / "model.pt");
  module.to(at::kDouble);
  const auto x = at::rand({5, 4}, at::kDouble);
  const auto out = module.forward({x}).toTensor();
  EXPECT_EQ(out.scalar_type(), at::kDouble);
  EXPECT_TRUE(at::allclose(out, at::linear(x, weight.to(at::kDouble))));
}

TEST(ScriptFile, is_an_error_where_it_cannot_be_opened) {
  EXPECT_THROW(open_script_file("/nowhere/model.pt"), Error);
}

}  // namespace
}  // namespace kindred::host
