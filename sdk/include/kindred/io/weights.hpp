#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kindred/module.hpp"

namespace kindred {

/// How another library names the tensors of a network: pairs of its name and ours.
struct NamingConvention {
  std::string library;
  std::vector<std::pair<std::string, std::string>> names;
};

/// Tensors of a file, under the names of a network.
struct Weights {
  std::vector<NamedTensor> tensors;
  /// Sentences for Encoder::notes() about what was dropped, left out or translated; none where the names
  /// stood in the file as they are.
  std::vector<std::string> notes;
};

/// Reads weights that were published, or trained elsewhere: any file that read_checkpoint() reads, or the
/// index of several (`model.safetensors.index.json`). One rule finds the tensors of `target` in every format.
/// Where names fit as they stand, nothing is changed. Else what stands before all of them
/// ("module.model.") is dropped, and tensors without it are left out; the names may be those of a
/// convention, too. Where several prefixes fit, the one made of such words as "module", "model", "backbone",
/// "encoder" and "_orig_mod" is taken. Throws Error where that leaves more than one, naming them, and where
/// the file cannot be read. Python objects beside the tensors are skipped, and never run.
///
/// Whether all tensors are there and have the right shapes is for load_named_tensors() to say.
Weights read_weights(const std::string& path, const std::vector<NamedTensor>& target,
                     const std::vector<NamingConvention>& conventions = {});

/// Path of the weights in a folder as Hugging Face gives it: model.safetensors or pytorch_model.bin, or the
/// index of several; empty when there are none.
std::string find_weights(const std::string& folder);

}  // namespace kindred
