#include "host/exchange/pgvector/copy_binary.hpp"

#include <c10/util/Half.h>

#include <cstring>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr size_t kFlags = 8;  // two numbers of four bytes, both zero
constexpr uint64_t kNullLength = 0xFFFFFFFF, kEnd = 0xFFFF;
constexpr size_t kVectorHead = 4;  // the dimension and a zero, of two bytes each

/// Appends the lowest `bytes` bytes of a number, the highest first.
void put(std::string& out, uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<unsigned char>(number >> shift)));
}

uint64_t taken(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

template <class To, class From>
To bits_of(From value) {
  static_assert(sizeof(To) == sizeof(From));
  To out;
  std::memcpy(&out, &value, sizeof(out));
  return out;
}

[[noreturn]] void fail() { throw Error("PostgreSQL sent rows in another form than its documentation says"); }

}  // namespace

CopyWriter::CopyWriter() : bytes_(kSignature) { bytes_.append(kFlags, '\0'); }

void CopyWriter::begin_row(int fields) { put(bytes_, static_cast<uint64_t>(fields), 2); }

void CopyWriter::null() { put(bytes_, kNullLength, 4); }

void CopyWriter::text(std::string_view value) {
  put(bytes_, value.size(), 4);
  bytes_ += value;
}

void CopyWriter::integer(int64_t value) {
  put(bytes_, sizeof(value), 4);
  put(bytes_, static_cast<uint64_t>(value), sizeof(value));
}

void CopyWriter::real(double value) {
  put(bytes_, sizeof(value), 4);
  put(bytes_, bits_of<uint64_t>(value), sizeof(value));
}

void CopyWriter::begin_vector(int64_t bytes, int64_t dimension) {
  put(bytes_, kVectorHead + static_cast<uint64_t>(bytes * dimension), 4);
  put(bytes_, static_cast<uint64_t>(dimension), 2);
  put(bytes_, 0, 2);
}

void CopyWriter::vector(const float* values, int64_t dimension) {
  begin_vector(sizeof(float), dimension);
  for (int64_t i = 0; i < dimension; ++i) put(bytes_, bits_of<uint32_t>(values[i]), sizeof(float));
}

void CopyWriter::halfvec(const float* values, int64_t dimension) {
  begin_vector(sizeof(uint16_t), dimension);
  for (int64_t i = 0; i < dimension; ++i) put(bytes_, c10::Half(values[i]).x, sizeof(uint16_t));
}

void CopyWriter::end() { put(bytes_, kEnd, 2); }

uint64_t CopyReader::number(size_t bytes) {
  if (row_.size() - at_ < bytes) fail();
  const auto value = taken(std::string_view(row_).substr(at_, bytes));
  at_ += bytes;
  return value;
}

bool CopyReader::take(std::string message, int fields) {
  row_ = std::move(message);
  at_ = 0;
  if (!has_head_) {
    if (row_.compare(0, kSignature.size(), kSignature) != 0) fail();
    at_ = kSignature.size();
    if (number(4) != 0) fail();
    const auto extension = number(4);
    if (row_.size() - at_ < extension) fail();
    at_ += extension;
    has_head_ = true;
    if (at_ == row_.size()) return false;
  }
  const auto count = number(2);
  if (count == kEnd) return false;
  if (count != static_cast<uint64_t>(fields)) fail();
  return true;
}

bool CopyReader::field(std::string_view& bytes) {
  const auto length = number(4);
  if (length == kNullLength) return false;
  if (row_.size() - at_ < length) fail();
  bytes = std::string_view(row_).substr(at_, length);
  at_ += length;
  return true;
}

int64_t copied_integer(std::string_view bytes) {
  if (bytes.size() != sizeof(int64_t)) fail();
  return static_cast<int64_t>(taken(bytes));
}

double copied_real(std::string_view bytes) {
  if (bytes.size() != sizeof(double)) fail();
  return bits_of<double>(taken(bytes));
}

int64_t copied_dimension(std::string_view bytes) {
  if (bytes.size() < kVectorHead) fail();
  const auto dimension = taken(bytes.substr(0, 2));
  if (bytes.size() != kVectorHead + dimension * sizeof(float)) fail();
  return static_cast<int64_t>(dimension);
}

void copied_vector(std::string_view bytes, float* values) {
  const auto dimension = copied_dimension(bytes);
  for (int64_t i = 0; i < dimension; ++i) {
    const auto place = kVectorHead + sizeof(float) * static_cast<size_t>(i);
    values[i] = bits_of<float>(static_cast<uint32_t>(taken(bytes.substr(place, sizeof(float)))));
  }
}

}  // namespace kindred::host
