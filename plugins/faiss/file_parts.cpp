#include "file_parts.hpp"

#include <vector>

namespace kindred {
namespace {

constexpr uint64_t kMostBits = 16;  // of one part of a product quantizer
constexpr uint64_t kBlockRows = 32;

void require(bool holds, const char* text) { FileCursor::require(holds, text); }

/// Notes that a row stands in a list; each stands in one.
class RowsSeen {
 public:
  explicit RowsSeen(uint64_t rows) : seen_(rows) {}
  void add(const Numbers<int64_t>& ids) {
    for (uint64_t i = 0; i < ids.size(); ++i) {
      const auto id = ids[i];
      FileCursor::require(id >= 0 && static_cast<uint64_t>(id) < seen_.size(), "has row {} of {} in a list",
                          id, seen_.size());
      FileCursor::require(!seen_[static_cast<size_t>(id)], "has row {} in its lists twice", id);
      seen_[static_cast<size_t>(id)] = true;
    }
    count_ += ids.size();
  }
  void require_all() const {
    FileCursor::require(count_ == seen_.size(), "has {} of {} rows in its lists", count_, seen_.size());
  }

 private:
  std::vector<bool> seen_;
  uint64_t count_ = 0;
};

}  // namespace

FaissHeader check_header(FileCursor& file) {
  const auto dimension = file.take<int32_t>();
  const auto rows = file.take<int64_t>();
  file.take_all<int64_t>(2);  // no longer in use
  const bool trained = file.take_bool();
  const auto metric = file.take<int32_t>();
  FileCursor::require(dimension > 0 && dimension <= kMostFaissDimensions, "has rows of {} numbers",
                      dimension);
  FileCursor::require(rows >= 0 && rows <= kMostFaissRows, "says that it has {} rows", rows);
  require(trained, "was written before it was trained");
  FileCursor::require(metric == 0 || metric == 1,
                      "has the metric {} of FAISS, where 0 (inner product) or 1 (L2) can be searched",
                      metric);
  return {static_cast<uint64_t>(dimension), static_cast<uint64_t>(rows), metric == 0};
}

FaissProductQuantizer check_product_quantizer(FileCursor& file, uint64_t dimension) {
  const auto d = file.take<uint64_t>(), parts = file.take<uint64_t>(), bits = file.take<uint64_t>();
  FileCursor::require(d == dimension, "has a product quantizer of {} numbers for rows of {}", d, dimension);
  FileCursor::require(parts > 0 && d % parts == 0, "divides {} numbers into {} parts", d, parts);
  FileCursor::require(bits > 0 && bits <= kMostBits, "has parts of {} bits", bits);
  file.take_list<float>(d << bits, "numbers of centroids");
  FaissProductQuantizer out;
  out.code_size = (parts * bits + 7) / 8;
  out.parts = parts;
  out.bits = bits;
  return out;
}

FaissQuantizer check_scalar_quantizer(FileCursor& file, uint64_t dimension) {
  struct Type {
    uint64_t bits, trained;  // of one number; numbers that were learned
  };
  const auto type = file.take<int32_t>();
  file.take<int32_t>();  // how the range was learned
  file.take<float>();
  const auto d = file.take<uint64_t>(), code_size = file.take<uint64_t>();
  FileCursor::require(d == dimension, "has a scalar quantizer of {} numbers for rows of {}", d, dimension);
  const Type types[] = {{8, 2 * d}, {4, 2 * d}, {8, 2}, {4, 2}, {16, 0}, {8, 0}, {6, 2 * d}};
  FileCursor::require(
      type >= 0 && type < 7,
      "has the scalar quantizer {}, which this FAISS cannot search (8bit, 4bit, 6bit and fp16 "
      "can be)",
      type);
  const auto& expected = types[type];
  FileCursor::require(code_size == (d * expected.bits + 7) / 8, "has codes of {} bytes for {} numbers",
                      code_size, d);
  file.take_list<float>(expected.trained, "numbers of ranges");
  return {code_size};
}

namespace {

/// The lists of neighbours, of which `starts[l]` says where that of layer l begins among those of a row.
void check_links(const Numbers<int32_t>& starts, const Numbers<int32_t>& levels,
                 const Numbers<uint64_t>& offsets, const Numbers<int32_t>& neighbours) {
  const auto rows = levels.size();
  for (uint64_t row = 0; row < rows; ++row) {
    const auto first = offsets[row];
    for (int32_t layer = 0; layer < levels[row]; ++layer) {
      const auto at = static_cast<uint64_t>(layer);
      for (auto i = static_cast<uint64_t>(starts[at]); i < static_cast<uint64_t>(starts[at + 1]); ++i) {
        const auto other = neighbours[first + i];
        if (other == -1) continue;
        FileCursor::require(
            other >= 0 && static_cast<uint64_t>(other) < rows && levels[static_cast<uint64_t>(other)] > layer,
            "links row {} of layer {} to row {}, which that layer has not", row, layer, other);
      }
    }
  }
}

}  // namespace

void check_graph(FileCursor& file, uint64_t rows) {
  constexpr uint64_t kMostLayers = 64, kMostLinks = 1 << 16;
  FileCursor::require(file.take_list<double>().size() <= kMostLayers, "has more than {} layers", kMostLayers);
  const auto starts = file.take_list<int32_t>();
  FileCursor::require(starts.size() >= 2 && starts.size() <= kMostLayers + 1, "has {} layers", starts.size());
  require(starts[0] == 0, "has links before those of its first layer");
  for (uint64_t i = 1; i < starts.size(); ++i)
    require(starts[i] >= starts[i - 1] && starts[i] <= static_cast<int32_t>(kMostLinks),
            "has layers whose links do not follow each other");
  const auto levels = file.take_list<int32_t>(rows, "levels");
  const auto offsets = file.take_list<uint64_t>(rows + 1, "places of links");
  require(offsets[0] == 0, "has links before those of its first row");
  for (uint64_t row = 0; row < rows; ++row) {
    FileCursor::require(levels[row] >= 1 && static_cast<uint64_t>(levels[row]) < starts.size(),
                        "has row {} in {} layers", row, levels[row]);
    const auto links = static_cast<uint64_t>(starts[static_cast<uint64_t>(levels[row])]);
    FileCursor::require(offsets[row + 1] == offsets[row] + links, "has the links of row {} in a wrong place",
                        row + 1);
  }
  const auto neighbours = file.take_list<int32_t>(offsets[rows], "links");
  const auto entry = file.take<int32_t>(), highest = file.take<int32_t>();
  file.take<int32_t>();  // what it was built with
  file.take<int32_t>();  // how wide to search, which the parameters say
  const auto beam = file.take<int32_t>();
  require(entry >= 0 && static_cast<uint64_t>(entry) < rows, "begins to search at a row that is not there");
  require(highest >= 0 && levels[static_cast<uint64_t>(entry)] == highest + 1,
          "begins to search in a layer that its first row has not");
  require(beam == 1, "has more than one place where a search begins");
  check_links(starts, levels, offsets, neighbours);
}

void check_inverted_lists(FileCursor& file, uint64_t lists, uint64_t rows, uint64_t code_size) {
  const auto type = file.take_name();
  FileCursor::require(type == "ilar", "has inverted lists of the type \"{}\", where \"ilar\" can be read",
                      type);
  const auto stated_lists = file.take<uint64_t>(), stated_size = file.take<uint64_t>();
  FileCursor::require(stated_lists == lists, "has {} inverted lists for {} centroids", stated_lists, lists);
  FileCursor::require(stated_size == code_size, "has codes of {} bytes where {} should be", stated_size,
                      code_size);
  std::vector<uint64_t> sizes(lists);
  const auto form = file.take_name();
  if (form == "full") {
    const auto stated = file.take_list<uint64_t>(lists, "sizes of lists");
    for (uint64_t i = 0; i < lists; ++i) sizes[i] = stated[i];
  } else {
    FileCursor::require(form == "sprs", "has sizes of lists of the form \"{}\"", form);
    const auto pairs = file.take_list<uint64_t>();
    require(pairs.size() % 2 == 0, "has a list without a size");
    for (uint64_t i = 0; i < pairs.size(); i += 2) {
      FileCursor::require(pairs[i] < lists, "has list {} of {}", pairs[i], lists);
      sizes[pairs[i]] = pairs[i + 1];
    }
  }
  RowsSeen seen(rows);
  for (const auto size : sizes) {
    FileCursor::require(size <= rows, "has a list of {} rows, and {} in all", size, rows);
    file.take_all<char>(size * code_size);
    seen.add(file.take_all<int64_t>(size));
  }
  seen.require_all();
}

void check_block_lists(FileCursor& file, uint64_t lists, uint64_t rows, const FaissProductQuantizer& codes) {
  const auto type = file.take_name();
  FileCursor::require(type == "ilbl", "has inverted lists of the type \"{}\", where \"ilbl\" can be read",
                      type);
  const auto stated_lists = file.take<uint64_t>();
  file.take<uint64_t>();  // bytes of a row, which the blocks say, too
  const auto block_rows = file.take<uint64_t>(), block_bytes = file.take<uint64_t>();
  FileCursor::require(stated_lists == lists, "has {} inverted lists for {} centroids", stated_lists, lists);
  const auto padded = codes.parts + codes.parts % 2;
  FileCursor::require(block_rows == kBlockRows && block_bytes == kBlockRows * padded / 2,
                      "has blocks of {} rows in {} bytes", block_rows, block_bytes);
  RowsSeen seen(rows);
  for (uint64_t list = 0; list < lists; ++list) {
    const auto ids = file.take_list<int64_t>();
    seen.add(ids);
    const auto blocks = (ids.size() + kBlockRows - 1) / kBlockRows;
    file.take_list<char>(blocks * block_bytes, "bytes of codes");
  }
  seen.require_all();
}

uint64_t check_transform(FileCursor& file, uint64_t dimension) {
  const auto type = file.take_name();
  uint64_t matrix = 0, bias = 0;
  bool has_bias = false;
  if (type == "VNrm") {
    file.take<float>();
  } else {
    FileCursor::require(type == "LTra" || type == "rrot" || type == "PcAm" || type == "Pcam",
                        "has a transform of the type \"{}\"; OPQ, PCA, RR and L2norm can be read", type);
    if (type[0] == 'P') {
      file.take<float>();
      if (type == "Pcam") file.take<float>();
      file.take_bool();
      file.take<int32_t>();
      for (int i = 0; i < 3; ++i) file.take_list<float>();
    }
    has_bias = file.take_bool();
    matrix = file.take_list<float>().size();
    bias = file.take_list<float>().size();
  }
  const auto in = file.take<int32_t>(), out = file.take<int32_t>();
  require(file.take_bool(), "has a transform that was written before it was trained");
  FileCursor::require(in > 0 && static_cast<uint64_t>(in) == dimension,
                      "has a transform of {} numbers for rows of {}", in, dimension);
  FileCursor::require(out > 0 && out <= kMostFaissDimensions, "has a transform into {} numbers", out);
  const auto to = static_cast<uint64_t>(out);
  if (type == "VNrm") {
    require(to == dimension, "has a transform to unit length that changes the dimension");
  } else {
    FileCursor::require(matrix == dimension * to && (!has_bias || bias == to),
                        "has a matrix of {} numbers and {} offsets for a transform of {} into {}", matrix,
                        bias, in, out);
  }
  return to;
}

}  // namespace kindred
