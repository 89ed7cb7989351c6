#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "kindred/index.hpp"

namespace kindred {

/// Rows as one int8 for each number and one scale for each row: a row is about scale * codes, where the scale
/// is the largest magnitude of the row over 127. Half of what float16 takes.
struct RowCodes {
  at::Tensor codes;   ///< int8 (N, D)
  at::Tensor scales;  ///< float32 (N), not negative
};

RowCodes codes_of(const StoredRows& rows);

/// Writes codes.npy, scales.npy and codes.json, which has their size and hash, into a folder.
void write_codes(const std::string& folder, const RowCodes& codes);

/// What write_codes() wrote, mapped. Throws Error that names the file which is missing, damaged, or of other
/// rows than `count` of `dimension` numbers.
RowCodes read_codes(const std::string& folder, int64_t count, int64_t dimension);

/// The rows that codes stand for, in float32, on the device of the codes.
class CodedRows final : public StoredRows {
 public:
  explicit CodedRows(RowCodes codes) : codes_(std::move(codes)) {}
  int64_t size() const override { return codes_.codes.size(0); }
  int64_t dimension() const override { return codes_.codes.size(1); }
  at::Tensor rows(int64_t begin, int64_t end) const override;
  int64_t bytes() const;

 private:
  RowCodes codes_;
};

}  // namespace kindred
