#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/embed/input_share.hpp"

namespace kindred::host {

/// What decides the rows of an embedding: one that was begun is continued only where all of it is the same.
struct EmbeddingIdentity {
  std::string model, inputs, settings;
  int64_t dimension = 0;
  std::optional<InputShare> share{};  ///< where these are not all inputs; a part of `inputs`
};

/// How far an embedding has come.
struct EmbeddingPosition {
  int64_t inputs = 0;  ///< dealt with, in their order
  int64_t rows = 0;    ///< that were given; fewer than inputs where some failed
  int64_t failed = 0;
  std::string hash;  ///< of the inputs so far, where they are known only as they come
};

/// Where embeddings go as they come: the files of `host embed`, or an index. [one thread at a time]
class EmbeddingSink {
 public:
  virtual ~EmbeddingSink() = default;

  /// Returns where to go on. `expected_rows`: at most so many come; 0: nobody knows. Throws Error where there
  /// is no room for them, or where what is to be continued is of something else.
  virtual EmbeddingPosition begin(const EmbeddingIdentity& identity, int64_t expected_rows) = 0;

  /// Takes rows float32 (n, D) on the CPU and the lines that say what inputs they are of: a line has its
  /// "row", counted from 0 on, or the "error" that kept it out. `position` is where this ends. Throws Error.
  virtual void append(const at::Tensor& rows, const std::vector<nlohmann::json>& lines,
                      const EmbeddingPosition& position) = 0;

  /// All inputs were dealt with. `last` lines follow the others.
  virtual void finish(const std::vector<nlohmann::json>& last) = 0;

  virtual const EmbeddingPosition& position() const = 0;
  /// What is written, as messages name it.
  virtual std::string name() const = 0;
};

}  // namespace kindred::host
