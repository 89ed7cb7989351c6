#pragma once

#include <faiss/Index.h>

#include <cstdint>
#include <memory>
#include <string>

namespace kindred {

/// How wide to look, when an index is built and when it is searched.
struct FaissWidths {
  int64_t ef_construction, ef_search, nprobe;
};

/// Makes an index from a factory string of FAISS, such as "HNSW32" or "OPQ16,IVF256,PQ16". Throws Error when
/// FAISS does not know it, or it makes a type that check_faiss_file() would refuse.
std::unique_ptr<faiss::Index> make_faiss_index(const std::string& factory, int64_t dimension,
                                               bool inner_product);

/// Has graphs compare their rows as FlatRows does, where this FAISS would be slow. make_faiss_index() has
/// done it.
void use_quick_rows(faiss::Index& index);

/// Sets how wide the parts of an index look. Throws Error for a type that is not searched here.
void set_widths(faiss::Index& index, const FaissWidths& widths);

/// From how many rows its parts learn at least: one for every centroid.
int64_t rows_needed(faiss::Index& index);

}  // namespace kindred
