// The files of a sentence-transformers folder but its weights, and the tokenizer that they make. One input is
// all of them: each begins behind a line "==> NAME <==", as `head` prints several.

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "fuzz_target.hpp"
#include "kindred/error.hpp"
#include "sentence_folder.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tokenizer_files.hpp"

namespace kindred::fuzz {
namespace {
namespace fs = std::filesystem;

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

void write_files(const fs::path& folder, std::string_view input) {
  for (const auto* name : kNames) {
    const auto mark = "==> " + std::string(name) + " <==\n";
    const auto place = input.find(mark);
    fs::create_directories((folder / name).parent_path());
    fs::remove(folder / name);
    if (place == std::string_view::npos) continue;
    const auto content = input.substr(place + mark.size());
    std::ofstream(folder / name, std::ios::binary) << content.substr(0, content.find("==> "));
  }
}

}  // namespace

KINDRED_FUZZ_TARGET(sentence_folder) {
  static const testing::TemporaryFolder folder("sentence_fuzzer");
  write_files(folder.path(), {reinterpret_cast<const char*>(data), size});
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
