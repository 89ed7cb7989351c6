#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kindred/io/weights.hpp"
#include "kindred/module.hpp"

namespace kindred {

/// How another library names the tensors of a vision transformer. A pair is how one of our names begins (the
/// names of VisionTransformer) and how theirs does. What `outside` and `inside` do not list is not in their
/// files. Tensors that get one name stand in one tensor, one below the other in the order of our parameters,
/// as query, key and value often do.
struct StoredNames {
  std::string library;
  std::vector<std::pair<std::string, std::string>> outside;  ///< of names outside of blocks
  std::string blocks;                                        ///< what their blocks' names begin with
  std::vector<std::pair<std::string, std::string>> inside;   ///< of names behind "blocks.N."
  /// What stands before all their names in files of a network that this is a part of; read_weights() drops
  /// it.
  std::string outer{};
  bool plain_tokens = false;  ///< the class token is (width) and not (1, 1, width); likewise positions

  /// The name in a file; empty where it has none.
  std::string of(const std::string& own) const;
  /// Takes away what begins with `own` outside of blocks.
  void leave_out(const std::string& own);
};

/// timm's names, which differ for DINOv3; and those of DINOv2's own code.
StoredNames timm_names();
StoredNames timm_dinov3_names(bool gated);
StoredNames original_dinov2_names(bool gated);

/// Fills those of `parameters` that `names` has from a file, or from the index of several, that
/// read_weights() reads. Dimensions of one are of no importance. Returns its notes. Throws Error
/// that begins with `what` and names what is missing or misshapen, by the file's names. Those that `names`
/// has not are filled where the file has them under our names, as exported files do.
std::vector<std::string> load_stored(const std::string& what, const std::string& path,
                                     const std::vector<NamedTensor>& parameters, const StoredNames& names);

/// What load_stored() reads: copies of all `parameters` as the library names, joins and shapes them. What has
/// no name there keeps its own.
std::vector<NamedTensor> under_stored_names(const std::vector<NamedTensor>& parameters,
                                            const StoredNames& names);

}  // namespace kindred
