#pragma once

#include "kindred/io/json_file.hpp"
#include "stored_network.hpp"

namespace kindred {

/// The vision towers of transformers' networks that compare pictures and texts, from a config.json of both
/// towers or of the tower alone. All throw Error that names the key that asks for something that is not
/// computed here.
StoredNetwork whole_clip_network(const JsonFile& file);
StoredNetwork clip_tower_network(const JsonFile& file);
StoredNetwork whole_siglip_network(const JsonFile& file);
StoredNetwork siglip_tower_network(const JsonFile& file);

/// Throws Error: towers of SigLIP 2 that take pictures of any shape are not computed.
StoredNetwork naflex_network(const JsonFile& file);

}  // namespace kindred
