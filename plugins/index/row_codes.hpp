#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "kindred/index.hpp"
#include "kindred/search/sign_codes.hpp"

namespace kindred {

enum class CodeKind { int8, binary };

/// Rows in fewer bytes:
///   int8    one for each number and one scale for each row: a row is about scale * codes, where the scale is
///           the largest magnitude of the row over 127. Half of what float16 takes.
///   binary  a bit for each number, see kindred/search/sign_codes.hpp. A sixteenth of what float16 takes.
struct RowCodes {
  CodeKind kind = CodeKind::int8;
  at::Tensor codes;   ///< int8 (N, D), or uint8 (N, ceil(D / 8))
  at::Tensor scales;  ///< of int8: float32 (N), not negative
  SignCodes signs{};  ///< of binary

  /// On another device.
  RowCodes to(at::Device device) const;
};

RowCodes codes_of(CodeKind kind, const StoredRows& rows);

/// Writes codes.npy, what it takes to read them, and codes.json, which has their size and hash, into a
/// folder.
void write_codes(const std::string& folder, const RowCodes& codes, int64_t dimension);

/// What write_codes() wrote, mapped. Throws Error that names the file which is missing, damaged, or of other
/// rows than `count` of `dimension` numbers, or of other codes.
RowCodes read_codes(CodeKind kind, const std::string& folder, int64_t count, int64_t dimension);

/// The rows that codes stand for, in float32, on the device of the codes; those of bits have length 1 where
/// the distance is the cosine.
class CodedRows final : public StoredRows {
 public:
  CodedRows(RowCodes codes, Distance distance, int64_t dimension)
      : codes_(std::move(codes)), distance_(distance), dimension_(dimension) {}
  int64_t size() const override { return codes_.codes.size(0); }
  int64_t dimension() const override { return dimension_; }
  at::Tensor rows(int64_t begin, int64_t end) const override;
  int64_t bytes() const;

 private:
  RowCodes codes_;
  Distance distance_;
  int64_t dimension_;
};

}  // namespace kindred
