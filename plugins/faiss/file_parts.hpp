#pragma once

#include "file_cursor.hpp"

/// Parts of FAISS files that several types of index have. Each function goes through its part and throws
/// Error where FAISS would read beyond its memory, take more of it than the file is large, or divide by zero.
namespace kindred {

/// The largest number of rows and dimensions: FAISS has 32 bits for them.
constexpr int64_t kMostFaissRows = std::numeric_limits<int32_t>::max() - 1;
constexpr int64_t kMostFaissDimensions = 1 << 16;

/// What stands at the beginning of every index.
struct FaissHeader {
  uint64_t dimension, rows;
  bool inner_product;  ///< or squared Euclidean distances
};
FaissHeader check_header(FileCursor& file);

struct FaissQuantizer {
  uint64_t code_size;  ///< bytes of a row
};
/// Product quantizer of vectors of this dimension.
struct FaissProductQuantizer : FaissQuantizer {
  uint64_t parts, bits;
};
FaissProductQuantizer check_product_quantizer(FileCursor& file, uint64_t dimension);
FaissQuantizer check_scalar_quantizer(FileCursor& file, uint64_t dimension);

/// The links of a graph over so many rows: each row has a level, and for every layer up to it a list of
/// neighbours, which must be rows that have that layer, too.
void check_graph(FileCursor& file, uint64_t rows);

/// Lists of rows with their codes: `lists` of them, in which every row from 0 to rows - 1 stands once.
void check_inverted_lists(FileCursor& file, uint64_t lists, uint64_t rows, uint64_t code_size);

/// The same for codes that stand in blocks of 32 rows (PQ of 4 bits).
void check_block_lists(FileCursor& file, uint64_t lists, uint64_t rows, const FaissProductQuantizer& codes);

/// What turns rows of one dimension into rows of another; returns the other.
uint64_t check_transform(FileCursor& file, uint64_t dimension);

}  // namespace kindred
