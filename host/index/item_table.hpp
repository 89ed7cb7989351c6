#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/index/database.hpp"
#include "host/index/item.hpp"
#include "host/index/segment_file.hpp"

namespace kindred::host {

/// An item with its place.
struct StoredItem {
  int64_t row = -1;
  Item item;
};

/// The tables of metadata.sqlite: an item per row, with a column for all that is known of any item; the
/// segments; and facts of the index as a whole. What is done to it counts when the transaction of the caller
/// is committed. [one thread at a time]
class ItemTable {
 public:
  explicit ItemTable(Database& database) : database_(database) {}

  /// Makes the tables in an empty file.
  void create();
  /// Throws Error when the file has other tables, or those of a version that is not known.
  void check_version();

  nlohmann::json fact(const std::string& name);  ///< null where it was never set
  void set_fact(const std::string& name, const nlohmann::json& value);

  std::vector<Segment> segments();
  /// Names `segment` in place of all segments from its first row on.
  void name_segment(const Segment& segment);
  void clear_segments();

  int64_t rows();     ///< items, those included that are removed
  int64_t removed();  ///< items that are removed

  /// Appends items, which get the rows from `first` on. Columns that are new are added. Throws Error that
  /// names an id which is not there once, and the columns that cannot be.
  void append(int64_t first, const std::vector<Item>& items, Existing existing);
  /// Marks items as removed. Throws Error that names those ids which are not there.
  void remove(const std::vector<std::string>& ids);

  std::optional<StoredItem> find(const std::string& id);
  std::vector<StoredItem> items(const std::vector<int64_t>& rows);
  /// All items that are not removed, by row, from `begin` up to `end`.
  std::vector<StoredItem> live_items(int64_t begin, int64_t end);
  /// The names of all columns but `removed`, in their order.
  std::vector<std::string> columns();
  /// The columns behind those that every index has, with the kind that holds all of their values.
  std::vector<ItemColumn> extra_column_kinds();

  /// Sets `mask` (bool, N) to false where an item is removed.
  void clear_removed(at::Tensor& mask);
  /// Leaves out removed items, and numbers the others anew in their order.
  void renumber();

 private:
  void add_columns(const std::vector<Item>& items);
  StoredItem read(const Statement& statement, const std::vector<std::string>& extra) const;
  std::string select_list(const std::vector<std::string>& extra) const;
  std::vector<std::string> extra_columns();

  Database& database_;
};

}  // namespace kindred::host
