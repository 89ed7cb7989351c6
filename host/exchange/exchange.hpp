#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/index/index_writer.hpp"
#include "host/index/item.hpp"
#include "host/index/manifest.hpp"

namespace kindred::host {

/// Numbers that an exchange holds in memory at once, of one batch.
constexpr int64_t kNumbersPerBatch = int64_t{1} << 22;

/// Rows of a batch at most: one where a row alone has more numbers.
constexpr int64_t rows_per_batch(int64_t dimension) {
  return dimension < kNumbersPerBatch ? kNumbersPerBatch / dimension : 1;
}

/// Items on their way from one store to another, with their rows: float32 (n, D) on the CPU, contiguous.
struct ExchangeBatch {
  std::vector<Item> items;
  at::Tensor rows;
};

/// What is known of an exchange before its first batch.
struct ExchangeHead {
  IndexSpace space;  ///< what all rows have in common
  bool is_stored_form =
      false;  ///< the rows are what an index of this space holds, of length 1 where it says so
  int64_t items = 0;
  std::vector<ItemColumn> columns;  ///< what items have beside their own members
};

/// Where items come from, a batch after the other. [one thread at a time]
class ItemSource {
 public:
  virtual ~ItemSource() = default;
  virtual const ExchangeHead& head() const = 0;
  /// Fills `batch`; false behind the last one. Throws Error that names the place of what is wrong.
  virtual bool next(ExchangeBatch& batch) = 0;
};

/// What an export left.
struct Exported {
  std::vector<std::string> written;  ///< files, or a table or collection with its server
  std::string advice;                ///< what to do next, for a person; "" where there is nothing to say
};

/// Where items go. It is made with the head of what will come; what it wrote counts when finish() returned.
/// An object that is destroyed earlier leaves no file. [one thread at a time]
class ItemSink {
 public:
  virtual ~ItemSink() = default;
  virtual void append(const ExchangeBatch& batch) = 0;
  virtual Exported finish() = 0;
};

/// What a command line says of the other side.
struct ExchangeRequest {
  std::string place;           ///< a file, a folder or the URL of a server
  std::string name;            ///< of the table or collection of a server
  nlohmann::json params;       ///< of the format, an object
  MakeIndex make;              ///< for formats that are files of a component
  Context* context = nullptr;  ///< not null
};

}  // namespace kindred::host
