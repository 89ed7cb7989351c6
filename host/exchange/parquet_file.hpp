#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/index/item.hpp"

namespace kindred::host {

/// What a Parquet file holds beside its rows of numbers.
struct ParquetLayout {
  std::vector<ItemColumn> columns;  ///< without that of the rows
  std::string vector;               ///< the name of the column of the rows
  int64_t dimension = 0;
  bool has_fixed_size = true;  ///< the rows are a fixed-size list; else a list
  std::string note;            ///< the file's value of the key "kindred"; "" without one
};

/// Writes a file. Throws Error. [one thread at a time]
class ParquetWriter {
 public:
  virtual ~ParquetWriter() = default;
  /// A row group. `items` are objects whose values are of the kinds of the columns, and valid UTF-8; what is
  /// not there is null. `rows`: as many rows of `dimension` numbers.
  virtual void append(const std::vector<nlohmann::json>& items, const float* rows) = 0;
  virtual void finish() = 0;
};

/// Reads a file. Throws Error. [one thread at a time]
class ParquetReader {
 public:
  virtual ~ParquetReader() = default;
  virtual int64_t items() const = 0;
  virtual int64_t dimension() const = 0;
  virtual std::string note() const = 0;
  virtual std::vector<std::string> columns() const = 0;
  /// Columns whose values are no texts, numbers or truth values: they are passed over.
  virtual std::vector<std::string> passed_over() const = 0;
  /// Some more items with their rows; false behind the last. Values that are null or not a number are left
  /// out.
  virtual bool next(std::vector<nlohmann::json>& items, std::vector<float>& rows) = 0;
};

/// What the library with Arrow in it offers, which is loaded when it is asked for. Both throw Error.
struct ParquetLibrary {
  std::unique_ptr<ParquetWriter> (*write)(const std::string& path, const ParquetLayout& layout);
  /// `vector` names the column of the rows, of which a batch has about `numbers`.
  std::unique_ptr<ParquetReader> (*read)(const std::string& path, const std::string& vector, int64_t numbers);
};

/// "" where this build has that library, which is beside the engine.
std::string parquet_missing();
/// Throws Error where it cannot be loaded.
const ParquetLibrary& parquet_library();

}  // namespace kindred::host
