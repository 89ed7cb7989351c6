#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/options/component_spec.hpp"

namespace kindred::host {

/// This is the arithmetic in which an encoder is trained.
enum class Precision { automatic, float32, bfloat16 };

/// What batch norms of a trained encoder use while it is trained.
enum class BatchNormMode { frozen, train };

struct EncoderOptions {
  std::string field;  ///< of the dataset's samples; "": the first
  Precision precision = Precision::automatic;
  bool gradient_checkpointing = false;
};

/// Low-rank adaptation of an encoder's matrices.
struct LoraOptions {
  int64_t rank = 8;
  double alpha = 16;
  std::vector<std::string> targets;  ///< patterns of tensors' names; empty: queries and values of attention
};

struct EncoderSpec : ComponentSpec {
  std::string name;  ///< its key under model.encoders
  EncoderOptions options;
  bool learns = false;
  std::string trained_from;  ///< first stage that is trained; "": all of them
  bool batch_norms_frozen = true;
  std::map<std::string, double> lr_multipliers;  ///< by stage
  double lr_decay = 1;                           ///< a factor for each stage that comes before the last one
  std::optional<LoraOptions> lora;               ///< all that is trained, if given
  std::vector<ComponentSpec> expected;           ///< transforms that its weights were trained with, if known
  bool expected_by_folder = false;               ///< they stand in the folder that the weights came in
};

/// One place in the chain of heads: a component, or a switch between chains of components.
struct HeadSpec : ComponentSpec {
  std::string switch_on;  ///< name of an encoder; "": a component
  std::vector<std::vector<ComponentSpec>> branches;
};

}  // namespace kindred::host
