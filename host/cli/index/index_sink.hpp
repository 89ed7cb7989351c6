#pragma once

#include <functional>
#include <vector>

#include "host/cli/embed/embedding_sink.hpp"
#include "host/cli/index/thumbnails.hpp"
#include "host/data/seen_dataset.hpp"
#include "host/index/index_writer.hpp"

namespace kindred::host {

/// The item of an input, by the line that says which it is and by its place among all inputs.
using DescribeItem = std::function<Item(const nlohmann::json& line, int64_t input)>;

/// Puts embeddings into an index. How far it came is committed with the rows, so that a command that was
/// stopped goes on from there.
class IndexSink final : public EmbeddingSink {
 public:
  /// How far the last embedding came: where it did not end and its inputs are the same, it is continued.
  static constexpr const char* kNote = "embedding";
  static bool is_finished(const nlohmann::json& note);

  /// `must_continue`: what was begun with other inputs is an error; else it is left as it is.
  IndexSink(IndexWriter& writer, DescribeItem describe, Existing existing, bool must_continue = false)
      : writer_(writer),
        describe_(std::move(describe)),
        existing_(existing),
        must_continue_(must_continue),
        thumbnails_(writer) {}

  EmbeddingPosition begin(const EmbeddingIdentity& identity, int64_t expected_rows) override;
  void append(const at::Tensor& rows, const std::vector<nlohmann::json>& lines,
              const EmbeddingPosition& position) override;
  void finish(const std::vector<nlohmann::json>& last) override;
  const EmbeddingPosition& position() const override { return position_; }
  std::string name() const override { return "the index " + writer_.path(); }

  /// Makes the thumbnails of items, where the index asks for them, of pictures that whoever reads them shows
  /// to it; null where it asks for none.
  SeePicture see_pictures();

  /// The lines of inputs that could not be embedded, as far as this object met them.
  const std::vector<nlohmann::json>& failures() const { return failures_; }
  int64_t added() const { return added_; }  ///< items, by this object

 private:
  nlohmann::json note_of(const EmbeddingPosition& position, bool finished) const;
  void keep_failures(const std::vector<nlohmann::json>& lines);

  IndexWriter& writer_;
  const DescribeItem describe_;
  const Existing existing_;
  const bool must_continue_;
  ThumbnailMaker thumbnails_;
  nlohmann::json identity_;
  int64_t first_input_ = 0;  ///< of a share, among all inputs
  EmbeddingPosition position_;
  std::vector<nlohmann::json> failures_;
  int64_t added_ = 0;
};

}  // namespace kindred::host
