#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "kindred/image.hpp"
#include "tokenizer.hpp"

namespace kindred {

/// Marks places behind the end of the shorter texts of a batch.
constexpr int64_t kNoToken = -1;

/// int64 (B, T) on the device of `batch.data`: what `tokenize`, which several threads call, gives for every
/// text; T is that of the longest one.
at::Tensor tokens_of(const Batch& batch,
                     const std::function<std::vector<int64_t>(const std::string& text)>& tokenize);

/// int64 (B, T) on the device of `batch.data`: the tokens of every text, `prompt` before it, cut to
/// `longest`; T is that of the longest one.
at::Tensor tokens_of(const Batch& batch, const BertTokenizer& tokenizer, int64_t longest,
                     const std::string& prompt = "");

}  // namespace kindred
