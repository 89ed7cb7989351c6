#pragma once

#include <cstdint>
#include <string_view>

namespace kindred {

/// What a file must have been written for.
struct FaissFileOf {
  int64_t rows, dimension;
  bool inner_product;  ///< or squared Euclidean distances
};

/// Goes through all bytes of a FAISS file and throws Error unless FAISS can read and search it without harm:
/// it is of the types below, every length fits the bytes that are there, and every row number, link and list
/// leads to something. What numbers mean is not checked: a changed vector is another vector. The sentence
/// continues one that begins with the file's name. FAISS itself trusts its files.
///
/// Types: Flat, SQ (not bf16), PQ, PQ..x4fs; HNSW over Flat, SQ or PQ; IVF of Flat, SQ, PQ or PQ..x4fs with
/// centroids in a Flat or HNSW; OPQ, PCA, RR and L2norm before any of them.
void check_faiss_file(std::string_view bytes, const FaissFileOf& of);

}  // namespace kindred
