// Files of FAISS: what the check lets pass is read and searched by FAISS itself, which trusts its files.
#include <ATen/ATen.h>

#include <fstream>

#include "fuzz_target.hpp"
#include "kindred/error.hpp"
#include "kindred/exact_search.hpp"
#include "kindred/index.hpp"
#include "support/component.hpp"
#include "support/temporary_folder.hpp"

namespace kindred::fuzz {

/// The seeds are over 40 rows of 8 numbers, by Euclidean distances.
KINDRED_FUZZ_TARGET(faiss) {
  static const testing::TemporaryFolder folder("faiss_fuzzer");
  static const auto rows = std::make_shared<TensorRows>(at::zeros({40, 8}));
  std::ofstream(folder / "index.faiss", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    const auto index = testing::make<Index>("faiss", "kindred.faiss");
    index->load(folder.path().string(), rows, Distance::euclidean);
    index->search(at::ones({2, 8}), {5});
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace kindred::fuzz
