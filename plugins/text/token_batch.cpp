#include "token_batch.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "kindred/text.hpp"

namespace kindred {

at::Tensor tokens_of(const Batch& batch,
                     const std::function<std::vector<int64_t>(const std::string& text)>& tokenize) {
  const auto texts = texts_of(batch);
  std::vector<std::vector<int64_t>> rows(texts.size());
  at::parallel_for(0, static_cast<int64_t>(texts.size()), 16, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      rows[i] = tokenize(texts[i]);
    }
  });
  size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row.size());
  auto tokens =
      at::full({static_cast<int64_t>(rows.size()), static_cast<int64_t>(width)}, kNoToken, at::kLong);
  auto* place = tokens.data_ptr<int64_t>();
  for (const auto& row : rows) {
    std::copy(row.begin(), row.end(), place);
    place += width;
  }
  return tokens.to(batch.data.device());
}

at::Tensor tokens_of(const Batch& batch, const BertTokenizer& tokenizer, int64_t longest,
                     const std::string& prompt) {
  return tokens_of(batch, [&](const std::string& text) { return tokenizer(prompt + text, longest); });
}

}  // namespace kindred
