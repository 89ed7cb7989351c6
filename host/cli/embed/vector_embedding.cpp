#include "host/cli/embed/vector_embedding.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/cli/embed/input_files.hpp"
#include "kindred/error.hpp"
#include "kindred/finite.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr int64_t kNumbersAtOnce = int64_t{16} << 20;
constexpr int64_t kVectorsAtOnce = 16384;  // of short ones, each of which has a line of text, too

/// What the first look at a file found: a matrix of so many rows, or what is wrong with it.
struct VectorFile {
  std::string path, error;
  int64_t rows = 0, length = 0;
};

/// Vectors [first, end) of a file, which are embedded at once, or a file that cannot be read.
struct VectorPiece {
  const VectorFile* file = nullptr;
  int64_t first = 0, end = 0;
  int64_t rows() const { return end - first; }
  int64_t inputs() const { return file->error.empty() ? rows() : 1; }
};

class VectorEmbedding {
 public:
  VectorEmbedding(const InferenceModel& model, const EmbedOptions& options, EmbeddingSink& out,
                  Context& context)
      : model_(model),
        length_(model.fields().front().length),
        options_(options),
        out_(out),
        context_(context) {}

  EmbedCount embed(const std::vector<std::string>& files);

 private:
  /// Opens a matrix that the model takes. Throws Error.
  at::Tensor open(const std::string& file) const;
  VectorFile look_at(const std::string& file) const;
  std::vector<VectorPiece> pieces_of(const std::vector<VectorFile>& files) const;
  /// Leaves the pieces of the shard alone.
  std::optional<InputShare> keep_share(std::vector<VectorPiece>& pieces,
                                       const std::vector<std::string>& files) const;
  void add_piece(const VectorPiece& piece);
  void add(const at::Tensor& vectors, std::vector<json> lines);
  void note_error(const VectorFile& file);

  const InferenceModel& model_;
  const int64_t length_;  ///< of the vectors that it takes; 0: any
  const EmbedOptions& options_;
  EmbeddingSink& out_;
  Context& context_;
  int64_t done_ = 0;    ///< inputs that an earlier command dealt with
  int64_t passed_ = 0;  ///< inputs so far, with those
};

at::Tensor VectorEmbedding::open(const std::string& file) const {
  auto matrix = map_npy(file);
  if (matrix.dim() != 2 || (matrix.size(1) != length_ && length_ > 0))
    throw Error(fmt::format("{} must hold vectors (N, {})", file, length_));
  return matrix;
}

/// The file is closed again: a process may hold some ten thousand files in memory, and no more.
VectorFile VectorEmbedding::look_at(const std::string& file) const {
  try {
    const auto matrix = open(file);
    return {file, "", matrix.size(0), matrix.size(1)};
  } catch (const Error& error) {
    return {file, error.what()};
  }
}

/// Files are cut alike whoever embeds them, since a product of matrices may depend on how many rows it has.
std::vector<VectorPiece> VectorEmbedding::pieces_of(const std::vector<VectorFile>& files) const {
  std::vector<VectorPiece> pieces;
  for (const auto& file : files) {
    if (!file.error.empty()) pieces.push_back({&file});
    const auto widest = std::max<int64_t>({file.length, model_.dimension(), 1});
    const auto step = std::clamp<int64_t>(kNumbersAtOnce / widest, 1, kVectorsAtOnce);
    for (int64_t first = 0; first < file.rows; first += step)
      pieces.push_back({&file, first, std::min(first + step, file.rows)});
  }
  return pieces;
}

std::optional<InputShare> VectorEmbedding::keep_share(std::vector<VectorPiece>& pieces,
                                                      const std::vector<std::string>& files) const {
  if (!options_.shard) return std::nullopt;
  std::vector<int64_t> weights;
  for (const auto& piece : pieces) weights.push_back(piece.rows() * piece.file->length + 1);
  const auto mine = pieces_of_shard(weights, *options_.shard);
  InputShare share{*options_.shard};
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto inputs = pieces[i].inputs();
    share.all += inputs;
    if (i < mine.first) share.first += inputs;
    if (i < mine.end) share.end += inputs;
  }
  share.whole = hash_of_names(files);
  pieces = {pieces.begin() + static_cast<std::ptrdiff_t>(mine.first),
            pieces.begin() + static_cast<std::ptrdiff_t>(mine.end)};
  return share;
}

EmbedCount VectorEmbedding::embed(const std::vector<std::string>& files) {
  std::vector<VectorFile> found;
  for (const auto& file : files) found.push_back(look_at(file));
  auto pieces = pieces_of(found);
  const auto share = keep_share(pieces, files);
  int64_t count = 0, unreadable = 0;
  for (const auto& piece : pieces) {
    count += piece.rows();
    unreadable += piece.file->error.empty() ? 0 : 1;
  }
  begin_embedding(out_, options_, model_.dimension(), stamp_of(files), share, count);
  done_ = out_.position().inputs;
  Progress progress("encoding", "vectors", count, context_, done_);
  for (const auto& piece : pieces) {
    if (piece.file->error.empty())
      add_piece(piece);
    else if (passed_++ >= done_)
      note_error(*piece.file);
    if (passed_ > done_) progress.update(passed_);
  }
  out_.finish({});
  const auto failed = out_.position().failed;
  auto text = count_text(unreadable, static_cast<int64_t>(files.size()), "inputs");
  const auto of_vectors = count_text(failed - unreadable, count, "vectors");
  if (!text.empty() && !of_vectors.empty()) text += " and ";
  return {failed, text + of_vectors};
}

void VectorEmbedding::note_error(const VectorFile& file) {
  auto position = out_.position();
  ++position.inputs;
  ++position.failed;
  out_.append(at::empty({0, model_.dimension()}, at::kFloat),
              {{{"path", file.path}, {"row", nullptr}, {"error", file.error}}}, position);
}

void VectorEmbedding::add_piece(const VectorPiece& piece) {
  const auto& file = *piece.file;
  const auto skipped = std::clamp<int64_t>(done_ - passed_, 0, piece.rows());
  passed_ += piece.rows();
  if (skipped == piece.rows()) return;
  if (context_.interrupted()) throw Interrupted("while encoding");
  const auto matrix = open(file.path);
  if (matrix.size(0) != file.rows) {
    throw Error(
        fmt::format("{} changed while it was embedded: it held {} vectors and holds {} now; begin anew",
                    file.path, file.rows, matrix.size(0)));
  }
  std::vector<json> lines;
  for (auto i = piece.first + skipped; i < piece.end; ++i)
    lines.push_back({{"path", file.path}, {"index", i}});
  add(matrix.slice(0, piece.first + skipped, piece.end).to(at::kFloat), std::move(lines));
}

/// Vectors float32 (n, L), of which `lines` says something each.
void VectorEmbedding::add(const at::Tensor& vectors, std::vector<json> lines) {
  auto position = out_.position();
  std::vector<int64_t> places;  // of the vectors that are whole
  for (int64_t i = 0; i < vectors.size(0); ++i) places.push_back(i);
  const auto leave_out = [&](const at::Tensor& wrong, const auto& why) {
    for (int64_t n = wrong.numel() - 1; n >= 0; --n) {
      const auto at = places.begin() + wrong.data_ptr<int64_t>()[n];
      lines[static_cast<size_t>(*at)]["error"] = why(*at);
      places.erase(at);
    }
    return at::tensor(places, at::kLong);
  };
  auto whole = vectors;
  if (const auto wrong = rows_not_finite(vectors); wrong.numel() > 0) {
    whole =
        vectors.index_select(0, leave_out(wrong, [&](int64_t i) { return what_is_not_finite(vectors[i]); }));
  }
  auto rows = whole.size(0) == 0 ? at::empty({0, model_.dimension()}, at::kFloat)
                                 : model_.encode_vectors(whole).cpu();
  if (const auto wrong = rows_not_finite(rows); wrong.numel() > 0) {
    const auto kept = rows.isfinite().all(1).nonzero().squeeze(1);
    leave_out(wrong, [](int64_t) { return std::string(kNotFinite); });
    rows = rows.index_select(0, kept);
  }
  for (auto& line : lines) line["row"] = nullptr;
  for (const auto place : places) lines[static_cast<size_t>(place)]["row"] = position.rows++;
  position.inputs += vectors.size(0);
  position.failed += vectors.size(0) - rows.size(0);
  out_.append(rows, lines, position);
}

}  // namespace

int64_t first_length(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    try {
      return map_npy(file).size(-1);
    } catch (const Error&) {
      // It gets its line where it is embedded.
    }
  }
  return 0;
}

EmbedCount embed_vectors(const InferenceModel& model, const std::vector<std::string>& files,
                         const EmbedOptions& options, EmbeddingSink& out, Context& context) {
  return VectorEmbedding(model, options, out, context).embed(files);
}

}  // namespace kindred::host
