#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/index/index_state.hpp"
#include "host/index/row_change.hpp"
#include "host/index/row_store.hpp"
#include "host/index/writer_lock.hpp"
#include "kindred/index.hpp"

namespace kindred::host {

/// Makes the component that an index names.
using MakeIndex = std::function<std::shared_ptr<Index>(const IndexComponent& what)>;

/// The one writer of an index. What a method did is there for good when it returned, also where the process
/// is killed or the power fails; one that throws did nothing. [one thread at a time]
class IndexWriter {
 public:
  /// Makes an index without rows. `purpose`: see WriterLock. Throws Error where the folder holds anything.
  static IndexWriter create(const std::string& folder, const IndexSpace& space, const std::string& purpose);
  /// Removes what a killed writer left. Throws Error.
  IndexWriter(const std::string& folder, const std::string& purpose);
  IndexWriter(IndexWriter&&) = default;
  ~IndexWriter();

  const std::string& path() const { return path_; }
  /// As rows are stored now: what is to be whitened waits until whiten() was called.
  const IndexSpace& space() const { return space_; }
  const IndexState& state() const { return state_; }
  bool waits_for_whitening() const { return host::waits_for_whitening(promised_, state_); }
  /// What a row takes on the disk at most, until the index is complete.
  int64_t bytes_per_row() const;
  std::shared_ptr<const RowStore> rows() const { return rows_; }

  /// Appends items with what the model gives for them, float32 (n, D), and sets `notes` by name in the same
  /// commit, also where there are no items. Throws Error as ItemTable::append, changed_rows and stored_form
  /// do.
  void add(const std::vector<Item>& items, const at::Tensor& rows, Existing existing,
           const nlohmann::json& notes = nlohmann::json::object());
  /// The same with rows that an index of the same space stored.
  void add_stored(const std::vector<Item>& items, const at::Tensor& rows, Existing existing,
                  const nlohmann::json& notes = nlohmann::json::object());
  /// Throws Error that names the ids which are not there, and removes none then.
  void remove(const std::vector<std::string>& ids);
  /// What the program notes of the index, such as how its build was begun; null where it was never set.
  nlohmann::json note(const std::string& name) const;
  void set_note(const std::string& name, const nlohmann::json& value);

  /// Gives rows thumbnails, in place of those that they have, in one commit.
  void set_thumbnails(const std::map<int64_t, std::string>& jpegs);
  /// Rows of items that have none, from `begin` up to `end`.
  std::vector<int64_t> rows_without_thumbnail(int64_t begin, int64_t end) const;

  std::optional<StoredItem> find(const std::string& id) const;
  std::vector<StoredItem> live_items(int64_t begin, int64_t end) const;
  /// int64, ascending: the rows whose items are not removed.
  at::Tensor live_rows() const;

  /// Builds the component `what` over all rows, in place of the one there; without an id the rows are
  /// searched exactly from now on. Throws what the component throws.
  void build_component(IndexComponent what, const MakeIndex& make);

  /// Stores all rows anew as `whitening`, which was learned from so many rows, makes them, in one commit; the
  /// component is gone then. Throws Error unless they wait for it.
  void whiten(const PcaWhitening& whitening, int64_t learned_from);

  /// Drops the rows of removed items, and builds the component `what` over the others. Rows get other
  /// numbers. Returns how many were dropped.
  int64_t compact(IndexComponent what, const MakeIndex& make);

  /// Writes into manifest.json what the index is now.
  void finish() const;

 private:
  IndexWriter(const std::string& folder, const IndexSpace& space, std::unique_ptr<WriterLock> lock,
              Database::Use use);
  std::string path_of(const std::string& file) const;
  int64_t first_to_join(int64_t added) const;
  Segment write_joined(IndexState& state, int64_t first, const at::Tensor& added) const;
  using GiveRows = std::function<at::Tensor(int64_t begin, int64_t end)>;
  std::vector<Segment> write_rows(IndexState& state, int64_t count, const IndexSpace& space,
                                  const GiveRows& give) const;
  void make_component(IndexState& state, IndexComponent what, const MakeIndex& make,
                      const std::shared_ptr<const RowStore>& rows) const;
  using Change = std::function<void(ItemTable& table, IndexState& state)>;
  void commit(const Change& change, const std::function<void(IndexState&)>& prepare = {});
  void take(IndexState state);
  void remove_leftovers() const;

  std::string path_;
  IndexSpace promised_, space_;
  RowTransform transform_;
  std::unique_ptr<WriterLock> lock_;
  std::unique_ptr<Database> database_;
  IndexState state_;
  std::shared_ptr<const RowStore> rows_;
};

}  // namespace kindred::host
