// fuzz_replay TARGET FOLDER: runs a fuzz target without a fuzzer, on every file of the folder, and on copies
// of it that are cut off or altered by a seeded generator, so that what was found once stays mended with any
// compiler. Seeds must be accepted, since a fuzzer that begins with refused files does not get past what
// refuses them. Of others the name says why not: found_* (by a fuzzer), lacking_* (it names files or plugins
// that are not there).
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "fuzz_target.hpp"
#include "kindred/io/file.hpp"

namespace {

constexpr int kAlteredCopies = 150;

bool run(kindred::fuzz::Accepts accepts, const std::string& text) {
  return accepts(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

bool may_be_refused(const std::string& name) {
  return name.rfind("found_", 0) == 0 || name.rfind("lacking_", 0) == 0;
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

int main(int count, char** arguments) {
  const auto& targets = kindred::fuzz::targets();
  const auto target = count == 3 ? targets.find(arguments[1]) : targets.end();
  if (target == targets.end()) {
    std::printf("usage: fuzz_replay TARGET FOLDER; the targets are");
    for (const auto& one : targets) std::printf(" %s", one.first.c_str());
    std::printf("\n");
    return 2;
  }
  int files = 0, refused = 0;
  std::mt19937 random(1);
  for (const auto& entry : std::filesystem::directory_iterator(arguments[2])) {
    const auto path = entry.path();
    const auto text = kindred::read_file(path.string());
    if (!run(target->second, text) && !may_be_refused(path.filename().string())) {
      std::printf("%s is refused: write it again with make_corpus.py\n", path.c_str());
      ++refused;
    }
    for (int copy = 0; copy < kAlteredCopies && !text.empty(); ++copy)
      run(target->second, altered(text, random));
    ++files;
  }
  std::printf("%d files\n", files);
  return files > 0 && refused == 0 ? 0 : 1;
}
