#pragma once

#include <cstdint>
#include <string>

namespace kindred::host {

/// Where the output of frozen stages is kept. automatic: on disk. none: nowhere.
enum class CacheType { automatic, disk, cpu, gpu, none };

enum class StoredDtype { float32, float16, bfloat16 };

struct CacheOptions {
  CacheType type = CacheType::automatic;
  std::string directory = "cache";
  int64_t batch_size = 32;  ///< samples per call of an encoder
  int64_t views = 1;        ///< of a training picture, where an encoder is trained from a stage
  StoredDtype map_dtype = StoredDtype::float16;
  StoredDtype embedding_dtype = StoredDtype::float32;

  bool on_disk() const { return type == CacheType::disk || type == CacheType::automatic; }
  bool on_device() const { return type == CacheType::gpu; }
};

}  // namespace kindred::host
