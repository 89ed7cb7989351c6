#pragma once

#include <cstdint>
#include <string>

#include "kindred/io/json_file.hpp"
#include "vision_transformer_config.hpp"

namespace kindred {

constexpr int64_t kLargestSize = int64_t{1}
                                 << 20;  ///< of anything in config.json; beyond it is a damaged file

/// Throws Error that names the file and the key.
[[noreturn]] void refuse_key(const JsonFile& file, const std::string& key, const std::string& given,
                             const std::string& expected);

/// A whole number, or a list of two that are equal, as sides of squares may be given.
int64_t size_of(const JsonFile& file, const char* key, int64_t otherwise, int64_t least = 1);

/// What transformers takes for keys that are missing; a head has 64 numbers.
struct FamilyDefaults {
  int64_t width, patch_size;
  const char* activation;
  double epsilon;
};

/// What all families of transformers have in config.json.
VisionTransformerConfig common_config(const JsonFile& file, const FamilyDefaults& defaults);

}  // namespace kindred
