#pragma once

#include <cstdint>
#include <string>

#include "nn/activation.hpp"

namespace kindred {

/// Which token's state becomes the embedding.
enum class TowerPooling {
  highest,    ///< the first of those with the largest number, which ends a text in CLIP's first vocabularies
  first_end,  ///< the first one that ends a text
  last        ///< the last one, with which texts are filled up
};

/// This describes the text tower of a CLIP (Radford et al. 2021) or a SigLIP (Zhai et al. 2023); its members
/// are named after what config.json calls them.
struct TextTowerConfig {
  int64_t vocabulary = 0, hidden = 0, layers = 0, heads = 0, intermediate = 0, positions = 0;
  int64_t projection = 0;  ///< numbers of an embedding; 0: there is no projection
  bool of_siglip = false;  ///< every token sees all others, and the projection is called head and has a bias
  nn::Activation activation = nn::Activation::gelu;
  double epsilon = 1e-5;  ///< of layer norms
  double initial_deviation = 0.02;
  TowerPooling pooling = TowerPooling::first_end;
  int64_t end = 0;  ///< the token that ends a text, by config.json

  int64_t dimension() const { return projection > 0 ? projection : hidden; }
};

/// Read the config.json of a folder: that of a whole model or of its text tower. What a key that is missing
/// stands for is what transformers takes. Throw Error that names the key that asks for something that is not
/// computed here.
TextTowerConfig read_clip_text_config(const std::string& folder);
TextTowerConfig read_siglip_text_config(const std::string& folder);

}  // namespace kindred
