#pragma once

#include "kindred/io/json_file.hpp"
#include "stored_network.hpp"

namespace kindred {

/// The networks of transformers that stand alone, from their config.json. All throw Error that names the key
/// that asks for something that is not computed here.
StoredNetwork dinov2_network(const JsonFile& file, bool registers);
StoredNetwork dinov3_network(const JsonFile& file);
StoredNetwork plain_vit_network(const JsonFile& file);

}  // namespace kindred
