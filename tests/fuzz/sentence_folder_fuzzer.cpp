// The files of a sentence-transformers folder but its weights, and the tokenizer that they make. One input is
// all of them.

#include <array>

#include "folder_files.hpp"
#include "fuzz_target.hpp"
#include "kindred/error.hpp"
#include "sentence_folder.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tokenizer_files.hpp"

namespace kindred::fuzz {
namespace {

constexpr std::array kNames = {"config.json",
                               "vocab.txt",
                               "tokenizer.json",
                               "tokenizer_config.json",
                               "added_tokens.json",
                               "modules.json",
                               "sentence_bert_config.json",
                               "config_sentence_transformers.json",
                               "1_Pooling/config.json",
                               "2_Normalize/config.json"};

}  // namespace

KINDRED_FUZZ_TARGET(sentence_folder) {
  static const testing::TemporaryFolder folder("sentence_fuzzer");
  write_folder_files(folder.path(), kNames, {reinterpret_cast<const char*>(data), size});
  try {
    const auto found = read_sentence_folder(folder.path().string());
    const BertTokenizer tokenizer(read_tokenizer(found.transformer, found.lower_case));
    (void)tokenizer(found.prompt +
                        "A red sh\xC3\xB6"
                        "e, [SEP] unaffordable \xE9\x9E\x8B\xFF",
                    found.longest);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace kindred::fuzz
