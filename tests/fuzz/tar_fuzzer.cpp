// The headers of a tar file, and the bytes of what they name.
#include <cstdio>
#include <string>

#include "fuzz_target.hpp"
#include "kindred/error.hpp"
#include "memory_file.hpp"
#include "tar_file.hpp"
#include "tar_header.hpp"

namespace kindred::fuzz {
namespace {

bool reads(const std::string& bytes) {
  const fuzz::MemoryFile file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  const TarFile tar(file.path());
  try {
    for (const auto& entry : tar.content().files) (void)tar.read(entry);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// With right checksums in all that looks like a header, which a fuzzer would not find by itself.
std::string mended(std::string bytes) {
  constexpr size_t kChecksumAt = 148, kMagicAt = 257;
  for (size_t at = 0; at + kTarBlock <= bytes.size(); at += kTarBlock) {
    if (bytes.compare(at + kMagicAt, 5, "ustar") != 0) continue;
    bytes.replace(at + kChecksumAt, 8, 8, ' ');
    unsigned sum = 0;
    for (size_t i = 0; i < kTarBlock; ++i) sum += static_cast<unsigned char>(bytes[at + i]);
    std::snprintf(&bytes[at + kChecksumAt], 8, "%06o", sum);
  }
  return bytes;
}

}  // namespace

KINDRED_FUZZ_TARGET(tar) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  reads(mended(bytes));
  return reads(bytes);
}

}  // namespace kindred::fuzz
