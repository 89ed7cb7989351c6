// Files of FAISS: what the check lets pass is read and searched by FAISS itself, which trusts its files.
#include <ATen/ATen.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "fuzz_target.hpp"
#include "kindred/error.hpp"
#include "kindred/exact_search.hpp"
#include "kindred/index.hpp"
#include "support/component.hpp"

namespace kindred::fuzz {
namespace {
namespace fs = std::filesystem;

/// A folder with one file, that goes with the process.
struct FaissFolder {
  fs::path path = fs::temp_directory_path() / ("kindred_faiss_fuzzer_" + std::to_string(::getpid()));
  FaissFolder() { fs::create_directories(path); }
  ~FaissFolder() { fs::remove_all(path); }
};

}  // namespace

/// The seeds are over 40 rows of 8 numbers, by Euclidean distances.
KINDRED_FUZZ_TARGET(faiss) {
  static const FaissFolder folder;
  static const auto rows = std::make_shared<TensorRows>(at::zeros({40, 8}));
  std::ofstream(folder.path / "index.faiss", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    const auto index = testing::make<Index>("faiss", "kindred.faiss");
    index->load(folder.path.string(), rows, Distance::euclidean);
    index->search(at::ones({2, 8}), {5});
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace kindred::fuzz
