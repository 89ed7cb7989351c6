#pragma once

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "kindred/io/file.hpp"
#include "kindred/random.hpp"
#include "temporary_folder.hpp"

namespace kindred::testing {

/// 8 classes of 6 pictures (PPM); a class is a texture direction.
inline void write_pictures(const TemporaryFolder& folder) {
  for (int c = 0; c < 8; ++c) {
    const auto name = "photos/class_" + std::to_string(c);
    std::filesystem::create_directories(folder.path() / name);
    for (int i = 0; i < 6; ++i) {
      Random random(static_cast<uint64_t>(c), i);
      std::string bytes = "P6\n24 24\n255\n";
      for (int y = 0; y < 24; ++y) {
        for (int x = 0; x < 24 * 3; ++x) {
          bytes += static_cast<char>(128 + 60 * std::sin(0.3 * (c * y + (8 - c) * (x / 3))) +
                                     random.uniform(-30, 30));
        }
      }
      write_file_atomically(folder / (name + "/" + std::to_string(i) + ".ppm"), bytes);
    }
  }
}

/// A pipeline over them that trains in a blink.
inline nlohmann::json photos_pipeline() {
  return nlohmann::json::parse(R"({
    "kindred": 1, "name": "photos", "seed": 5,
    "data": {"dataset": {"type": "image_folder", "root": "photos"},
             "split": {"train": {"fraction": 0.5}, "validation": "none", "test": "rest"},
             "transforms": [{"type": "resize", "width": 32, "height": 32}, {"type": "normalize"}], "max_skipped": 0.05},
    "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8}}, "head": {"type": "skip_connection"}},
    "cache": {"directory": "cache", "batch_size": 8},
    "train": {"loss": {"type": "triplet"}, "batch_sampler": {"type": "shuffle", "batch_size": 24}, "epochs": 2},
    "evaluate": {"metrics": [{"type": "r_precision"}]}
  })");
}

}  // namespace kindred::testing
