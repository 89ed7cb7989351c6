#pragma once

#include <cstdint>
#include <string>

#include "nn/activation.hpp"

namespace kindred {

/// This describes a BERT (Devlin et al. 2018); its members are named after what config.json calls them.
struct BertConfig {
  int64_t vocabulary = 0, hidden = 0, layers = 0, heads = 0, intermediate = 0, positions = 0, types = 0;
  nn::Activation activation = nn::Activation::gelu;
  double epsilon = 1e-12;  ///< of layer norms
  double hidden_dropout = 0.1, attention_dropout = 0.1;
  double initial_deviation = 0.02;
};

/// Reads the config.json of a folder. Throws Error that names the key that is missing or asks for something
/// that this encoder does not compute.
BertConfig read_bert_config(const std::string& folder);

}  // namespace kindred
