#include "model_file.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "kindred/error.hpp"

namespace kindred {
namespace {

constexpr int32_t kMagic = 793712314, kOldestVersion = 11, kVersion = 12;
constexpr int64_t kMostCounted = 999'999'999'999'999;  // fastText's Huffman tree takes more for a free place
constexpr int32_t kLongestWord = 1 << 16, kLongestPiece = 32;
constexpr int64_t kMostPieces = 1 << 30;  // n-grams of all words, which are made when the model is loaded

/// Reads numbers as fastText writes them: in the machine's own order, with nothing between them.
class ModelFile {
 public:
  explicit ModelFile(const std::string& path) : path_(path), in_(path, std::ios::binary) {
    std::error_code ignored;
    left_ = std::filesystem::file_size(path, ignored);
    if (!in_ || ignored) throw Error(path + " cannot be read");
  }

  template <class Number>
  Number number(const char* name) {
    Number value{};
    take(sizeof value, name);
    in_.read(reinterpret_cast<char*>(&value), sizeof value);
    if (!in_) throw cut_off(name);
    return value;
  }

  template <class Number>
  Number number(const char* name, Number least, Number most) {
    const auto value = number<Number>(name);
    if (value < least || value > most) {
      throw wrong(std::string(name) + " is " + std::to_string(value) + ", expected " + std::to_string(least) +
                  " to " + std::to_string(most));
    }
    return value;
  }

  /// Skips a word and returns its length in bytes.
  int32_t skip_word() {
    for (int32_t length = 0;; ++length) {
      if (number<char>("a word") == 0) return length;
      if (length == kLongestWord)
        throw wrong("it holds a word of more than " + std::to_string(kLongestWord) + " bytes");
    }
  }

  void skip_floats(int64_t rows, int64_t columns, const char* name) {
    const auto bytes = static_cast<uint64_t>(rows) * static_cast<uint64_t>(columns) * sizeof(float);
    take(bytes, name);
    in_.seekg(static_cast<std::streamoff>(bytes), std::ios::cur);
  }

  void expect_end() const {
    if (left_ != 0) throw wrong(std::to_string(left_) + " bytes follow its last matrix");
  }

  Error wrong(const std::string& what) const {
    return Error(path_ + " is not a model that fastText 0.9 can load: " + what +
                 "; expected the .bin file that `fasttext skipgram`, `cbow` or `supervised` wrote");
  }

 private:
  void take(uint64_t bytes, const char* name) {
    if (bytes > left_) throw cut_off(name);
    left_ -= bytes;
  }

  Error cut_off(const char* name) const { return wrong(std::string("the file ends before ") + name); }

  std::string path_;
  std::ifstream in_;
  uint64_t left_ = 0;
};

}  // namespace

void check_fasttext_file(const std::string& path) {
  constexpr int32_t most = std::numeric_limits<int32_t>::max();
  ModelFile file(path);
  if (file.number<int32_t>("its magic number") != kMagic) throw file.wrong("it does not begin like one");
  file.number<int32_t>("its version", kOldestVersion, kVersion);
  const auto width = file.number<int32_t>("the size of its vectors", 1, 1 << 20);
  for (const char* name : {"ws", "epoch", "minCount", "neg"}) file.number<int32_t>(name);
  const auto word_ngrams = file.number<int32_t>("wordNgrams");
  file.number<int32_t>("its loss", 1, 4);
  const bool is_classifier = file.number<int32_t>("its kind of model", 1, 3) == 3;
  const auto bucket = file.number<int32_t>("bucket", 0, most);
  file.number<int32_t>("minn", 0, kLongestPiece);
  const auto longest_piece = file.number<int32_t>("maxn", 0, kLongestPiece);
  file.number<int32_t>("lrUpdateRate");
  file.number<double>("t");

  const auto entries = file.number<int32_t>("the number of its entries", 1, most);
  const auto words = file.number<int32_t>("the number of its words", 1, entries);
  const auto labels = file.number<int32_t>("the number of its labels", 0, most);
  if (entries - words != labels) {
    throw file.wrong("it has " + std::to_string(words) + " words and " + std::to_string(labels) +
                     " labels, but " + std::to_string(entries) + " entries");
  }
  if (is_classifier && labels == 0) throw file.wrong("it is a classifier without labels");
  file.number<int64_t>("the number of words seen");
  if (file.number<int64_t>("the number of pruned n-grams") >= 0) throw file.wrong("it is quantised");
  int64_t pieces = 0;
  for (int32_t i = 0; i < entries; ++i) {
    pieces += int64_t{file.skip_word() + 2} * longest_piece;  // with a mark before and behind
    if (pieces > kMostPieces)
      throw file.wrong("its words have more than " + std::to_string(kMostPieces) + " n-grams");
    // Words that were never seen would make a chain of the Huffman tree.
    file.number<int64_t>("how often a word was seen", 1, kMostCounted);
    const auto kind = file.number<int8_t>("the kind of an entry");
    if (kind != (i < words ? 0 : 1)) throw file.wrong("its words do not stand before its labels");
  }

  if (file.number<int8_t>("its matrix of words") != 0) throw file.wrong("it is quantised");
  const bool has_pieces = longest_piece > 0 || word_ngrams > 1;
  if (has_pieces && bucket == 0) throw file.wrong("it has n-grams, but no buckets for them");
  const int64_t vectors = words + (has_pieces ? int64_t{bucket} : 0);
  const auto rows = file.number<int64_t>("the number of its vectors", vectors, most);
  file.number<int64_t>("the width of its matrix of words", width, width);
  file.skip_floats(rows, width, "the end of its vectors");
  if (file.number<int8_t>("its matrix of outputs") != 0) throw file.wrong("it is quantised");
  const auto outputs = file.number<int64_t>("the rows of its outputs", 1, most);
  file.number<int64_t>("the width of its outputs", width, width);
  file.skip_floats(outputs, width, "the end of its outputs");
  file.expect_end();
}

}  // namespace kindred
