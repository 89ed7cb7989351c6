#include "length_groups.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "token_batch.hpp"

namespace kindred {
namespace {

using ::testing::ElementsAre;

/// Row i has `lengths[i]` tokens, all i.
at::Tensor tokens_with(const std::vector<int64_t>& lengths, int64_t width) {
  auto tokens = at::full({static_cast<int64_t>(lengths.size()), width}, kNoToken, at::kLong);
  for (int64_t i = 0; i < tokens.size(0); ++i)
    tokens[i].narrow(0, 0, lengths[static_cast<size_t>(i)]).fill_(i);
  return tokens;
}

/// Gives (number, length) of every row and notes the shapes that it is called with.
struct Recorder {
  std::vector<std::vector<int64_t>> shapes;
  at::Tensor operator()(const at::Tensor& tokens) {
    shapes.push_back(tokens.sizes().vec());
    return at::stack({tokens.select(1, 0), tokens.ne(kNoToken).sum(1)}, 1);
  }
};

TEST(LengthGroups, put_long_texts_apart_and_rows_back_in_order) {
  std::vector<int64_t> lengths(30, 10);
  lengths[3] = lengths[20] = 200;
  lengths[7] = 12;
  Recorder recorder;
  const auto rows = encoded_by_length(tokens_with(lengths, 200), std::ref(recorder));
  ASSERT_EQ(rows.size(0), 30);
  for (int64_t i = 0; i < 30; ++i) {
    EXPECT_EQ(rows[i][0].item<int64_t>(), i);
    EXPECT_EQ(rows[i][1].item<int64_t>(), lengths[static_cast<size_t>(i)]);
  }
  // The two long ones with six to make eight rows, and all others without padding for them.
  EXPECT_THAT(recorder.shapes, ElementsAre(ElementsAre(8, 200), ElementsAre(22, 10)));
}

TEST(LengthGroups, leave_a_batch_of_alike_lengths_whole) {
  Recorder recorder;
  const auto tokens = tokens_with(std::vector<int64_t>(40, 9), 9);
  EXPECT_EQ(encoded_by_length(tokens, std::ref(recorder)).size(0), 40);
  EXPECT_THAT(recorder.shapes, ElementsAre(ElementsAre(40, 9)));
}

TEST(LengthGroups, are_cut_to_their_longest_row) {
  std::vector<int64_t> lengths;
  for (int64_t i = 1; i <= 64; ++i) lengths.push_back(i);
  Recorder recorder;
  encoded_by_length(tokens_with(lengths, 64), std::ref(recorder));
  int64_t padded = 0, rows = 0;
  for (const auto& shape : recorder.shapes) {
    rows += shape[0];
    padded += shape[0] * shape[1];
  }
  EXPECT_EQ(rows, 64);
  EXPECT_LT(padded, 64 * 65 / 2 * 4 / 3) << "of 2080 tokens";
}

}  // namespace
}  // namespace kindred
