// The tokenizers of text towers: of CLIP, SigLIP and SigLIP 2. One input is all files of a folder.

#include <array>
#include <cstdlib>
#include <memory>
#include <string>

#include "clip_tokenizer.hpp"
#include "folder_files.hpp"
#include "fuzz_target.hpp"
#include "gemma_tokenizer.hpp"
#include "kindred/error.hpp"
#include "siglip_tokenizer.hpp"
#include "tests/support/temporary_folder.hpp"

namespace kindred::fuzz {
namespace {

constexpr std::array kTokenizerFiles = {"tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt",
                                        "spiece.model"};
constexpr auto kTokenizerReaders = {&read_clip_tokenizer, &read_siglip_tokenizer, &read_gemma_tokenizer};

/// A number that no row of an embedding table has is a crash of the encoder.
void expect_tokens(const TextTokenizer& tokenizer) {
  for (const std::string text : {"",
                                 "A red sh\xC3\xB6"
                                 "e,  don't [SEP] \xE9\x9E\x8B\xFF </s> <|endoftext|> 12"}) {
    for (const int64_t longest : {1, 7, 64}) {
      for (const auto id : tokenizer(text, longest)) {
        if (id < 0 || id > tokenizer.largest()) std::abort();
      }
    }
  }
  if (tokenizer.end() > tokenizer.largest()) std::abort();
}

}  // namespace

KINDRED_FUZZ_TARGET(tower_tokenizer) {
  static const testing::TemporaryFolder folder("tower_fuzzer");
  write_folder_files(folder.path(), kTokenizerFiles, {reinterpret_cast<const char*>(data), size});
  bool is_one = false;
  for (const auto& read : kTokenizerReaders) {
    try {
      expect_tokens(*read(folder.path().string()));
      is_one = true;
    } catch (const Error&) {
    }
  }
  return is_one;
}

}  // namespace kindred::fuzz
