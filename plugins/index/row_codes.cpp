#define XXH_INLINE_ALL
#include "row_codes.hpp"

#include <ATen/ATen.h>
#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/search/scored_rows.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kNumbersAtOnce = int64_t{1} << 22;
constexpr float kLargestCode = 127;
constexpr int64_t kVersion = 1;

std::string file_of(const std::string& folder, const char* name) {
  return (fs::path(folder) / name).string();
}

const char* name_of(CodeKind kind) { return kind == CodeKind::int8 ? "int8" : "binary"; }

/// A file of codes: its name, and the tensor that it holds.
struct CodeFile {
  const char* name;
  at::Tensor* tensor;
};

std::vector<CodeFile> files_of(RowCodes& codes) {
  if (codes.kind == CodeKind::int8) return {{"codes.npy", &codes.codes}, {"scales.npy", &codes.scales}};
  return {{"codes.npy", &codes.codes},
          {"mean.npy", &codes.signs.mean},
          {"deviation.npy", &codes.signs.deviation}};
}

/// 64-bit XXH3 of all numbers, in hexadecimal: it finds flipped bits, not forgery.
std::string hash_of(RowCodes codes) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (const auto& [name, one] : files_of(codes))
    XXH3_64bits_update(&state, one->data_ptr(), static_cast<size_t>(one->numel()) * one->element_size());
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(XXH3_64bits_digest(&state)));
  return text;
}

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
  throw Error(file + " is damaged or of another index: " + why + "; build the index again");
}

/// A tensor of a file that has to have this shape.
at::Tensor mapped(const std::string& file, at::ScalarType dtype, const std::vector<int64_t>& shape) {
  auto tensor = map_npy(file);
  if (tensor.scalar_type() != dtype || tensor.sizes() != at::IntArrayRef(shape)) {
    refuse(file, "it does not hold the codes of " + std::to_string(shape[0]) + " rows");
  }
  return tensor;
}

}  // namespace

RowCodes RowCodes::to(at::Device device) const {
  auto out = *this;
  for (const auto& [name, one] : files_of(out)) *one = one->to(device).contiguous();
  return out;
}

RowCodes codes_of(CodeKind kind, const StoredRows& rows) {
  const int64_t count = rows.size(), dimension = rows.dimension();
  RowCodes out;
  out.kind = kind;
  if (kind == CodeKind::int8) {
    out.codes = at::empty({count, dimension}, at::kChar);
    out.scales = at::empty({count}, at::kFloat);
  } else {
    out.signs = SignCodes::learn(rows);
    out.codes = at::empty({count, out.signs.code_bytes()}, at::kByte);
  }
  const int64_t step = std::max<int64_t>(kNumbersAtOnce / std::max<int64_t>(dimension, 1), 1);
  for (int64_t first = 0; first < count; first += step) {
    const auto end = std::min(first + step, count);
    const auto part = rows.rows(first, end).to(at::kFloat);
    if (kind == CodeKind::binary) {
      out.codes.slice(0, first, end).copy_(out.signs.encoded(part));
      continue;
    }
    const auto scales = part.abs().amax({1}).div_(kLargestCode);
    const auto safe = at::where(scales.gt(0), scales, at::ones_like(scales));
    out.codes.slice(0, first, end)
        .copy_((part / safe.unsqueeze(1)).round_().clamp_(-kLargestCode, kLargestCode));
    out.scales.slice(0, first, end).copy_(scales);
  }
  return out;
}

void write_codes(const std::string& folder, const RowCodes& codes, int64_t dimension) {
  auto plain = codes.to(at::kCPU);
  for (const auto& [name, one] : files_of(plain)) write_npy(file_of(folder, name), *one);
  const json about = {{"version", kVersion},
                      {"kind", name_of(plain.kind)},
                      {"rows", plain.codes.size(0)},
                      {"dimension", dimension},
                      {"hash", hash_of(plain)}};
  write_file_atomically(file_of(folder, "codes.json"), json_text(about, 2) + "\n");
}

RowCodes read_codes(CodeKind kind, const std::string& folder, int64_t count, int64_t dimension) {
  const auto file = file_of(folder, "codes.json");
  std::string hash;
  try {
    const auto about = json::parse(read_file(file));
    if (about.at("version") != kVersion) {
      refuse(file,
             "its version is " + json_text(about.at("version")) + ", known is " + std::to_string(kVersion));
    }
    if (about.at("rows") != count || about.at("dimension") != dimension) {
      refuse(file, "it describes " + json_text(about.at("rows")) + " rows of " +
                       json_text(about.at("dimension")) + " numbers, and the index has " +
                       std::to_string(count) + " of " + std::to_string(dimension));
    }
    if (about.value("kind", "int8") != name_of(kind))
      refuse(file, "it describes codes of another kind than " + std::string(name_of(kind)));
    hash = about.at("hash").get<std::string>();
  } catch (const json::exception& error) {
    refuse(file, error.what());
  }
  const auto map = [&](const char* name, at::ScalarType dtype, const std::vector<int64_t>& shape) {
    return mapped(file_of(folder, name), dtype, shape);
  };
  RowCodes out;
  out.kind = kind;
  if (kind == CodeKind::int8) {
    out.codes = map("codes.npy", at::kChar, {count, dimension});
    out.scales = map("scales.npy", at::kFloat, {count});
  } else {
    out.codes = map("codes.npy", at::kByte, {count, (dimension + 7) / 8});
    out.signs.mean = map("mean.npy", at::kFloat, {dimension});
    out.signs.deviation = map("deviation.npy", at::kFloat, {dimension});
  }
  if (hash_of(out) != hash) refuse(file_of(folder, "codes.npy"), "its hash is not the one in codes.json");
  return out;
}

at::Tensor CodedRows::rows(int64_t begin, int64_t end) const {
  const auto part = codes_.codes.slice(0, begin, end);
  if (codes_.kind == CodeKind::binary) return comparable_rows(distance_, codes_.signs.decoded(part));
  return part.to(at::kFloat).mul_(codes_.scales.slice(0, begin, end).unsqueeze(1));
}

int64_t CodedRows::bytes() const {
  auto codes = codes_;
  int64_t bytes = 0;
  for (const auto& [name, one] : files_of(codes)) bytes += static_cast<int64_t>(one->nbytes());
  return bytes;
}

}  // namespace kindred
