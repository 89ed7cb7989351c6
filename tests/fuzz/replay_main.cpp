// Runs a fuzz target without a fuzzer: on every file of the folders named, and on copies of it that are cut
// off or altered by a seeded generator, so that what was found once stays mended with any compiler.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "kindred/file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kAlteredCopies = 150;

void run(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

std::string altered(std::string text, std::mt19937& random) {
  const auto below = [&](size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
  };
  if (below(4) == 0) text.resize(below(text.size()) + 1);
  for (size_t changes = below(4) + 1; changes > 0; --changes) {
    // Headers decide what is read, so the beginning is altered more often than the rest.
    const auto place = below(below(2) == 0 ? std::min<size_t>(text.size(), 256) : text.size());
    text[place] = static_cast<char>(below(3) == 0 ? 0xff : below(256));
  }
  return text;
}

}  // namespace

int main(int count, char** folders) {
  int files = 0;
  std::mt19937 random(1);
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(folders[i])) {
      const auto text = kindred::read_file(entry.path().string());
      run(text);
      for (int copy = 0; copy < kAlteredCopies && !text.empty(); ++copy) run(altered(text, random));
      ++files;
    }
  }
  std::printf("%d files\n", files);
  return files > 0 ? 0 : 1;
}
