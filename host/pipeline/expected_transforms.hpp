#pragma once

#include "host/pipeline/read_sections.hpp"

namespace kindred::host {

struct ExpectedTransforms {
  std::vector<ComponentSpec> transforms;
  bool by_folder = false;  ///< they stand in the folder of the weights
};

/// The transforms that an encoder's weights were trained with, as its schema or a file in the folder of the
/// weights says; empty where neither says anything for these parameters, where it has no weights, or where no
/// plugin offers the transforms.
ExpectedTransforms expected_transforms(SectionReader& reader, const ComponentSpec& encoder);

/// Gives a pipeline without data.transforms those that its encoders expect, if they agree.
void take_expected_transforms(Pipeline& pipeline, nlohmann::json& resolved);

}  // namespace kindred::host
