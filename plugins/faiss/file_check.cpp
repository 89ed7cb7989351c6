#include "file_check.hpp"

#include <map>
#include <string>

#include "file_parts.hpp"

namespace kindred {
namespace {

constexpr int kBlock = 32;  // rows that PQ of 4 bits has together

/// What one index inside a file must be.
struct Expected {
  uint64_t rows, dimension;
  bool inner_product;
};

FaissHeader check_header(FileCursor& file, const Expected& expected) {
  const auto header = kindred::check_header(file);
  FileCursor::require(header.rows == expected.rows, "has {} rows where {} should be", header.rows,
                      expected.rows);
  FileCursor::require(header.dimension == expected.dimension, "has rows of {} numbers where {} should be",
                      header.dimension, expected.dimension);
  FileCursor::require(header.inner_product == expected.inner_product, "was built for {}",
                      header.inner_product ? "inner products" : "Euclidean distances");
  return header;
}

void check_flat(FileCursor& file, const Expected& expected) {
  check_header(file, expected);
  file.take_list<float>(expected.rows * expected.dimension, "numbers");
}

void check_scalar(FileCursor& file, const Expected& expected) {
  check_header(file, expected);
  const auto codes = check_scalar_quantizer(file, expected.dimension);
  file.take_list<char>(expected.rows * codes.code_size, "bytes of codes");
}

void check_product(FileCursor& file, const Expected& expected) {
  check_header(file, expected);
  const auto codes = check_product_quantizer(file, expected.dimension);
  file.take_list<char>(expected.rows * codes.code_size, "bytes of codes");
  const auto search = file.take<int32_t>();
  FileCursor::require(search == 0, "asks for the way {} to search codes, where 0 can be taken", search);
  file.take_bool();
  file.take<int32_t>();
}

/// Of the parts of a block that FAISS computes together.
FaissProductQuantizer check_four_bits(FileCursor& file, uint64_t dimension) {
  const auto codes = check_product_quantizer(file, dimension);
  FileCursor::require(codes.bits == 4, "has codes of {} bits where 4 should be", codes.bits);
  return codes;
}

void check_product_blocks(FileCursor& file, const Expected& expected) {
  check_header(file, expected);
  const auto codes = check_four_bits(file, expected.dimension);
  const auto way = file.take<int32_t>(), block = file.take<int32_t>(), queries = file.take<int32_t>();
  FileCursor::require(way == 0 && block == kBlock && queries == 0, "has blocks of {} rows", block);
  const auto rows = file.take<uint64_t>(), parts = file.take<uint64_t>();
  FileCursor::require(
      rows == (expected.rows + kBlock - 1) / kBlock * kBlock && parts == codes.parts + codes.parts % 2,
      "has blocks for {} rows of {} parts", rows, parts);
  file.take_list<char>(rows * parts / 2, "bytes of codes");
}

void check_index(FileCursor& file, const Expected& expected, std::string_view allowed, int depth);

/// A graph, whose rows are in an index behind it.
void check_hnsw(FileCursor& file, const Expected& expected, const char* storage) {
  check_header(file, expected);
  check_graph(file, expected.rows);
  check_index(file, expected, storage, 1);
}

/// The beginning of every index of lists: their number, and an index of their centroids.
uint64_t check_lists(FileCursor& file, const Expected& expected) {
  check_header(file, expected);
  const auto lists = file.take<uint64_t>();
  file.take<uint64_t>();  // how many to look at, which the parameters say
  FileCursor::require(lists > 0 && lists <= static_cast<uint64_t>(kMostFaissRows), "has {} inverted lists",
                      lists);
  check_index(file, {lists, expected.dimension, expected.inner_product}, "IxF2 IxFI IHNf", 1);
  const auto map = file.take<uint8_t>();
  FileCursor::require(map == 0, "has a map of rows to lists of the type {}", map);
  file.take_list<int64_t>(0, "rows in a map");
  return lists;
}

void check_lists_of_flat(FileCursor& file, const Expected& expected) {
  const auto lists = check_lists(file, expected);
  check_inverted_lists(file, lists, expected.rows, expected.dimension * sizeof(float));
}

void check_lists_of_scalar(FileCursor& file, const Expected& expected) {
  const auto lists = check_lists(file, expected);
  const auto codes = check_scalar_quantizer(file, expected.dimension);
  const auto size = file.take<uint64_t>();
  FileCursor::require(size == codes.code_size, "has codes of {} bytes where {} should be", size,
                      codes.code_size);
  file.take_bool();
  check_inverted_lists(file, lists, expected.rows, codes.code_size);
}

void check_lists_of_product(FileCursor& file, const Expected& expected) {
  const auto lists = check_lists(file, expected);
  file.take_bool();
  const auto size = file.take<uint64_t>();
  const auto codes = check_product_quantizer(file, expected.dimension);
  FileCursor::require(size == codes.code_size, "has codes of {} bytes where {} should be", size,
                      codes.code_size);
  check_inverted_lists(file, lists, expected.rows, codes.code_size);
}

void check_lists_of_blocks(FileCursor& file, const Expected& expected) {
  const auto lists = check_lists(file, expected);
  file.take_bool();
  const auto size = file.take<uint64_t>();
  const auto block = file.take<int32_t>();
  const auto parts = file.take<uint64_t>();
  const auto way = file.take<int32_t>();
  const auto queries = file.take<uint64_t>();
  const auto codes = check_four_bits(file, expected.dimension);
  FileCursor::require(size == codes.code_size && block == kBlock && parts == codes.parts + codes.parts % 2 &&
                          way == 0 && queries == 0,
                      "has blocks of {} rows of {} parts", block, parts);
  check_block_lists(file, lists, expected.rows, codes);
}

void check_transformed(FileCursor& file, const Expected& expected, int depth) {
  constexpr int32_t kMostTransforms = 4;
  check_header(file, expected);
  const auto count = file.take<int32_t>();
  FileCursor::require(count >= 1 && count <= kMostTransforms, "has {} transforms", count);
  auto dimension = expected.dimension;
  for (int32_t i = 0; i < count; ++i) dimension = check_transform(file, dimension);
  check_index(file, {expected.rows, dimension, expected.inner_product}, "", depth + 1);
}

/// `allowed`: names of types, or nothing for all of them. Only a transform has any index inside.
void check_index(FileCursor& file, const Expected& expected, std::string_view allowed, int depth) {
  using Check = void (*)(FileCursor&, const Expected&);
  static const std::map<std::string, Check> types = {
      {"IxSQ", check_scalar},
      {"IxPq", check_product},
      {"IPfs", check_product_blocks},
      {"IHNf", [](FileCursor& f, const Expected& e) { check_hnsw(f, e, "IxF2 IxFI"); }},
      {"IHNs", [](FileCursor& f, const Expected& e) { check_hnsw(f, e, "IxSQ"); }},
      {"IHNp", [](FileCursor& f, const Expected& e) { check_hnsw(f, e, "IxPq"); }},
      {"IwFl", check_lists_of_flat},
      {"IwSq", check_lists_of_scalar},
      {"IwPQ", check_lists_of_product},
      {"IwPf", check_lists_of_blocks},
  };
  const auto name = file.take_name();
  const bool fits = allowed.empty() || allowed.find(name) != std::string_view::npos;
  if (name == "IxPT" && fits && depth == 0) return check_transformed(file, expected, depth);
  if (fits && (name == "IxF2" || name == "IxFI")) {
    FileCursor::require(expected.inner_product == (name == "IxFI"), "was built for another distance");
    return check_flat(file, expected);
  }
  const auto type = types.find(name);
  FileCursor::require(fits && type != types.end(),
                      "has an index of the type \"{}\" of FAISS{}, which is not searched here", name,
                      allowed.empty() ? "" : " inside another");
  type->second(file, expected);
}

}  // namespace

void check_faiss_file(std::string_view bytes, const FaissFileOf& of) {
  FileCursor file(bytes);
  check_index(file, {static_cast<uint64_t>(of.rows), static_cast<uint64_t>(of.dimension), of.inner_product},
              "", 0);
  FileCursor::require(file.left() == 0, "has {} bytes behind its end", file.left());
}

}  // namespace kindred
