#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kindred::host {

/// Rows as COPY ... (FORMAT BINARY) takes them: 11 bytes that name the format, 8 bytes of zero, then of each
/// row the number of its fields, and each field behind its length; all numbers with their highest byte first.
/// https://www.postgresql.org/docs/current/sql-copy.html
class CopyWriter {
 public:
  CopyWriter();
  void begin_row(int fields);
  void null();
  void text(std::string_view value);
  void integer(int64_t value);  ///< of the type bigint
  void real(double value);      ///< of the type double precision
  /// The type `vector` of pgvector: its dimension, a zero, and float32 each.
  void vector(const float* values, int64_t dimension);
  /// The type `halfvec`: the same with float16, to the nearest. What is too large becomes infinite.
  void halfvec(const float* values, int64_t dimension);
  void end();  ///< behind the last row

  /// What was written since this was called last.
  const std::string& bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  void begin_vector(int64_t bytes, int64_t dimension);
  std::string bytes_;
};

/// Reads the same, from the messages of the server: the head comes with the first row or before it, and each
/// row is whole. What is not as it should be throws Error.
class CopyReader {
 public:
  /// False for a message without a row, such as the one behind the last.
  bool take(std::string message, int fields);
  /// The next field of the row, in the order that was asked for; false: it is null.
  bool field(std::string_view& bytes);

 private:
  uint64_t number(size_t bytes);
  std::string row_;
  size_t at_ = 0;
  bool has_head_ = false;
};

/// The values of fields. Throw Error where the size is another.
int64_t copied_integer(std::string_view bytes);
double copied_real(std::string_view bytes);
/// How many numbers a field of the type `vector` has, and the numbers.
int64_t copied_dimension(std::string_view bytes);
void copied_vector(std::string_view bytes, float* values);

}  // namespace kindred::host
