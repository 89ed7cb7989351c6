#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/index/index_state.hpp"
#include "host/index/row_change.hpp"
#include "host/index/row_store.hpp"

namespace kindred::host {

/// An index as its last commit left it, for reading, also while another process writes it:
///   manifest.json     what all rows have in common; counts, for people
///   metadata.sqlite   an item per row, the names of the files; what its last transaction says counts
///   rows-N.npy        the rows, in files that never change
///   index-N/          the files of the component that answers for the first rows
///   whitening-N/      what whitening learned, where rows are whitened
///   writer.lock       says who writes
/// Rows that are added later are not seen; items that are removed later are. [thread-safe]
class IndexFolder {
 public:
  /// Throws Error that names what is missing, damaged or of another version.
  static std::shared_ptr<IndexFolder> open(const std::string& folder);

  const std::string& path() const { return path_; }
  /// As its rows are stored.
  const IndexSpace& space() const { return space_; }
  const IndexComponent& component() const { return state_.component; }
  const IndexState& state() const { return state_; }
  std::shared_ptr<const RowStore> rows() const { return rows_; }
  int64_t size() const { return rows_->size(); }
  /// Says whether nothing was committed since; if not, what is opened anew sees more.
  bool is_current() const;

  /// Embeddings (n, D) of the model -> float32 (n, D'), as they are compared with stored rows: every query
  /// that is no row of the index comes by here. Throws Error unless they have the numbers of an embedding.
  at::Tensor as_rows(const at::Tensor& embeddings) const {
    return changed_rows(space_, transform_, embeddings);
  }
  const RowTransform& transform() const { return transform_; }

  /// bool (N): the rows whose items are not removed; undefined: all of them.
  at::Tensor live() const;
  /// int64, ascending: their numbers.
  at::Tensor live_rows() const;
  /// bool (N): those of them that fit a condition; see select_where(). Throws Error.
  at::Tensor select(const std::string& where) const;

  /// What the program noted of the index; null where it was never set.
  nlohmann::json note(const std::string& name) const;
  std::optional<StoredItem> find(const std::string& id) const;
  std::vector<StoredItem> items(const std::vector<int64_t>& rows) const;
  /// Items that are not removed with rows from `begin` up to `end`.
  std::vector<StoredItem> live_items(int64_t begin, int64_t end) const;
  std::vector<std::string> columns() const;
  /// See ItemTable::extra_column_kinds().
  std::vector<ItemColumn> extra_column_kinds() const;
  /// The bytes of a JPEG file; "": the row has no thumbnail.
  std::string thumbnail(int64_t row) const;

  /// What `host index info` prints.
  nlohmann::json info() const;

 private:
  IndexFolder(std::string path, const IndexSpace& promised);
  void read();
  /// Throws Error unless rows still have the numbers that they had.
  void check_generation(ItemTable& table) const;

  /// What `action` reads of the tables, if rows still have the numbers that they had.
  template <class Action>
  auto reading(Action&& action) const;

  const std::string path_;
  const IndexSpace promised_;  ///< as manifest.json says it
  IndexSpace space_;
  RowTransform transform_;
  mutable std::mutex access_;
  mutable std::unique_ptr<Database> database_;
  mutable int64_t live_commits_ = -1;  ///< of which live_ is
  mutable at::Tensor live_;
  IndexState state_;
  std::shared_ptr<const RowStore> rows_;
};

}  // namespace kindred::host
