#pragma once

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <string>

#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"
#include "temporary_folder.hpp"

namespace kindred::testing {

/// Writes x.npy and y.npy into `folder`: 24 classes of 10 vectors of 16 numbers. The first 6 numbers tell the
/// classes apart, the others are louder noise, so that there is something to learn and it carries over.
inline void write_vectors(const TemporaryFolder& folder) {
  at::manual_seed(7);
  const auto labels = at::arange(240, at::kLong).fmod(24).to(at::kLong);
  auto x = at::randn({240, 16}) * 1.6;
  x.slice(1, 0, 6).mul_(0.35).add_(at::randn({24, 6}).index_select(0, labels));
  write_npy(folder / "x.npy", x);
  write_npy(folder / "y.npy", labels);
}

/// A pipeline over them that trains in a blink.
inline nlohmann::json vectors_pipeline() {
  return nlohmann::json::parse(R"({
    "kindred": 1, "name": "small", "seed": 3,
    "data": {"dataset": {"type": "vectors", "embeddings": "x.npy", "labels": "y.npy"},
             "split": {"train": {"fraction": 0.6}, "validation": {"from": "train", "fraction": 0.2}, "test": "rest"}},
    "model": {"encoders": {"vector": {"type": "identity"}}, "head": {"type": "skip_connection", "dropout": 0.1}},
    "train": {"loss": {"type": "supervised_contrastive"}, "batch_sampler": {"type": "p_k", "classes": 6, "samples": 5},
              "optimizer": {"type": "adam", "lr": 0.02}, "epochs": 15},
    "evaluate": {"metrics": [{"type": "r_precision"}, {"type": "precision_at_k"}]}
  })");
}

inline std::string write_pipeline(const TemporaryFolder& folder, const nlohmann::json& pipeline,
                                  const std::string& name = "pipeline.json") {
  write_file_atomically(folder / name, pipeline.dump(2));
  return name;
}

inline nlohmann::json read_json(const std::string& path) { return nlohmann::json::parse(read_file(path)); }

}  // namespace kindred::testing
