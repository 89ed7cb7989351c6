#pragma once

#include <vector>

#include "host/base/context.hpp"
#include "host/encoding/encoding_options.hpp"
#include "host/encoding/entry_key.hpp"
#include "host/encoding/feature_request.hpp"
#include "host/encoding/frozen_stages.hpp"

namespace kindred::host {

/// Says how much the feature maps of some requests will take and how much room there is where they are kept.
/// Throws Error when they do not fit, naming the stages whose maps would. `part` is trained from a stage on.
void check_room(const std::vector<FeatureRequest>& requests, const EncodingOptions& options,
                const EncoderPart& part, FrozenStages& stages, EntryKeys& keys, Context& context);

}  // namespace kindred::host
