#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/index/index_folder.hpp"
#include "host/index/index_writer.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred::testing {

/// An index that needs one file and searches nothing.
class FileIndex final : public Index {
 public:
  bool is_exact() const override { return true; }
  void build(std::shared_ptr<const StoredRows> rows, Distance) override { rows_ = rows->size(); }
  void save(const std::string& folder) const override {
    write_file_atomically(folder + "/codes.bin", std::string(static_cast<size_t>(rows_), 'c'));
  }
  void load(const std::string& folder, std::shared_ptr<const StoredRows> rows, Distance) override {
    rows_ = static_cast<int64_t>(read_file(folder + "/codes.bin").size());
    if (rows_ != rows->size()) throw Error(folder + " does not fit the rows");
  }
  Neighbours search(const at::Tensor&, const IndexSearch&) const override {
    throw Error("it never searches");
  }
  int64_t memory_bytes() const override { return 0; }

 private:
  int64_t rows_ = 0;
};

inline std::shared_ptr<Index> make_file_index(const host::IndexComponent&) {
  return std::make_shared<FileIndex>();
}

inline host::IndexComponent file_component() {
  host::IndexComponent component;
  component.id = "test.file";
  component.version = "1";
  component.params = {{"bits", 8}};
  return component;
}

inline host::IndexSpace small_space(Distance distance = Distance::cosine, at::ScalarType type = at::kHalf) {
  host::IndexSpace space;
  space.model_name = "toy";
  space.model_fingerprint = "abc123";
  space.dimension = 6;
  space.distance = distance;
  space.precision = type;
  return space;
}

/// The row (1, 6) of an item, which its id and version alone decide.
inline at::Tensor made_row(const std::string& id, int version) {
  const auto seed = static_cast<double>(std::hash<std::string>()(id) % 1000003) + 0.37 * version;
  auto row = at::empty({1, 6}, at::kFloat);
  for (int64_t i = 0; i < 6; ++i)
    row.data_ptr<float>()[i] = static_cast<float>(std::sin(seed * (1.3 + double(i))) + 0.01);
  return row;
}

inline host::Item made_item(const std::string& id, int version = 0) {
  host::Item item;
  item.id = id;
  item.path = "photos/" + id + ".jpg";
  item.label = version;
  item.class_name = "class " + std::to_string(version);
  item.columns = {{"version", version}};
  return item;
}

/// Items with their rows, as add() takes them.
inline std::pair<std::vector<host::Item>, at::Tensor> made_items(const std::vector<std::string>& ids,
                                                                 int version = 0) {
  std::vector<host::Item> items;
  std::vector<at::Tensor> rows;
  for (const auto& id : ids) {
    items.push_back(made_item(id, version));
    rows.push_back(made_row(id, version));
  }
  return {items, rows.empty() ? at::empty({0, 6}) : at::cat(rows)};
}

inline void add_items(host::IndexWriter& writer, const std::vector<std::string>& ids, int version = 0,
                      host::Existing existing = host::Existing::refuse) {
  const auto [items, rows] = made_items(ids, version);
  writer.add(items, rows, existing);
}

/// What an index holds, by id: the version of each item; and what a sequence of commits makes of it, where
/// commit number n is decided by n and what is there before.
struct ExpectedItems {
  std::map<std::string, int> versions;

  /// Does commit number n to the expectation and, where there is one, to the index.
  void commit(int64_t n, host::IndexWriter* writer) {
    if (n % 19 == 11) {
      if (writer != nullptr) writer->build_component(file_component(), make_file_index);
    } else if (n % 13 == 12) {
      if (writer != nullptr) writer->compact(writer->state().component, make_file_index);
    } else if (n % 7 == 3 && !versions.empty()) {
      const auto ids = some(n, 15);
      for (const auto& id : ids) versions.erase(id);
      if (writer != nullptr) writer->remove(ids);
    } else if (n % 7 == 5 && !versions.empty()) {
      const auto ids = some(n, 20);
      const auto version = static_cast<int>(n);
      for (const auto& id : ids) versions[id] = version;
      if (writer != nullptr) add_items(*writer, ids, version, host::Existing::replace);
    } else {
      std::vector<std::string> ids;
      for (int64_t i = 0; i < 1 + n * 37 % 60; ++i) {
        ids.push_back(std::to_string(n) + "_" + std::to_string(i));
        versions[ids.back()] = 0;
      }
      if (writer != nullptr) add_items(*writer, ids);
    }
  }

 private:
  std::vector<std::string> some(int64_t n, size_t most) const {
    std::vector<std::string> ids;
    const auto step = 1 + static_cast<size_t>(n) % 5;
    size_t place = 0;
    for (const auto& [id, version] : versions) {
      if (place++ % step == 0 && ids.size() < most) ids.push_back(id);
    }
    return ids;
  }
};

}  // namespace kindred::testing
