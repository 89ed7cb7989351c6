#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/io/checkpoint.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;

TEST(Safetensors, round_trip_keeps_names_types_shapes_and_values) {
  const testing::TemporaryFolder folder("safetensors");
  std::vector<NamedTensor> tensors;
  for (const auto type :
       {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kByte, at::kBool}) {
    tensors.push_back(
        {std::string("t.") + at::toString(type), at::arange(6).fmod(2).reshape({2, 3}).to(type)});
  }
  tensors.push_back({"scalar", at::tensor(3.5)});
  tensors.push_back({"empty", at::empty({0, 4})});
  tensors.push_back({"transposed", at::arange(6).to(at::kFloat).reshape({2, 3}).t()});
  write_safetensors(folder / "x", tensors, {{"made by", "a test"}});
  const auto read = read_checkpoint(folder / "x");
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& one : tensors) {
    bool found = false;
    for (const auto& other : read) {
      if (other.name != one.name) continue;
      found = true;
      EXPECT_EQ(other.tensor.scalar_type(), one.tensor.scalar_type());
      EXPECT_TRUE(at::equal(other.tensor, one.tensor)) << one.name;
    }
    EXPECT_TRUE(found) << one.name;
  }
  write_safetensors(folder / "none", {});
  EXPECT_TRUE(read_checkpoint(folder / "none").empty());
}

TEST(Safetensors, a_header_whose_size_begins_like_a_pickle_is_read) {
  const testing::TemporaryFolder folder("safetensors");
  bool met = false;
  for (size_t length = 1; length < 300 && !met; ++length) {
    const std::string name(length, 'n');
    write_safetensors(folder / "x", {{name, at::ones({2})}});
    met = static_cast<unsigned char>(read_file(folder / "x")[0]) == 0x80;
    const auto read = read_checkpoint(folder / "x");
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(read[0].name, name);
  }
  EXPECT_TRUE(met) << "no header of the lengths tried is 128 or 384 bytes long";
}

TEST(Safetensors, holes_overlaps_and_tails_are_refused) {
  const testing::TemporaryFolder folder("safetensors");
  const auto message = [&](const std::string& header, size_t data) {
    std::string bytes(8, '\0');
    bytes[0] = static_cast<char>(header.size());
    write_file_atomically(folder / "x", bytes + header + std::string(data, '\0'));
    return testing::thrown([&] { read_checkpoint(folder / "x"); });
  };
  EXPECT_THAT(message(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", 3),
              HasSubstr("begin at 0"));
  EXPECT_THAT(message(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 5),
              HasSubstr("belong to no tensor"));
  EXPECT_THAT(
      message(
          R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
          3),
      HasSubstr("begin at"));
  EXPECT_THAT(message(R"({"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}})", 1), HasSubstr("F4"));
  EXPECT_THAT(message(R"({"a":1})", 0), HasSubstr("lacks"));
}

}  // namespace
}  // namespace kindred
