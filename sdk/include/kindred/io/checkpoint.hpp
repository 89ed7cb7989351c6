#pragma once

#include <string>
#include <vector>

#include "kindred/module.hpp"

namespace kindred {

/// Reads named tensors from a file written by torch.save (zip or legacy) or by safetensors, chosen by
/// content, not by name, or from the files of an index (`model.safetensors.index.json`). Pickles are
/// interpreted by a reader that knows tensors, dictionaries and numbers only: nothing a file names is ever
/// looked up or called. Python objects beside the tensors are skipped, one in their place is refused with a
/// sentence that names it. A training checkpoint that holds the tensors under "state_dict", "model" or
/// "model_state_dict", or under one other key, is unwrapped; of several their keys stand before the names.
/// In files of torch.save a "module." before every name is dropped. For weights that come from elsewhere take
/// read_weights() of io/weights.hpp, which finds the names that you have.
/// Tensors are contiguous, on the CPU, in the file's dtype and order. Throws Error.
std::vector<NamedTensor> read_checkpoint(const std::string& path);

/// Writes safetensors (https://huggingface.co/docs/safetensors): header, then contiguous little-endian
/// data; to a temporary file, synced and renamed. Tensors may be on any device. Throws Error.
void write_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                       const std::vector<std::pair<std::string, std::string>>& metadata = {});

/// Copies `source` by name into the tensors of `target` (shape checked, dtype converted). `optional`
/// decides per target name whether it may be absent. Names in `source` that no target has are ignored
/// when `ignore` accepts them. Throws Error that lists the missing, the misshapen (both shapes) and the
/// surplus tensors, or that names the first one that cannot be a weight, see what_is_no_weight();
/// `what` opens the sentence, e.g. "resnet18 weights in /a/b.pth".
void load_named_tensors(const std::string& what, const std::vector<NamedTensor>& target,
                        const std::vector<NamedTensor>& source, bool (*optional)(const std::string&),
                        bool (*ignore)(const std::string&));

}  // namespace kindred
