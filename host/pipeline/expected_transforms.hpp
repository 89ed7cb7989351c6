#pragma once

#include "host/pipeline/read_sections.hpp"

namespace kindred::host {

/// The transforms that an encoder's weights were trained with, as its schema says; empty where it says
/// nothing for these parameters, where it has no weights, or where no plugin offers the transforms.
std::vector<ComponentSpec> expected_transforms(const SectionReader& reader, const ComponentSpec& encoder);

/// Gives a pipeline without data.transforms those that its encoders expect, if they agree.
void take_expected_transforms(Pipeline& pipeline, nlohmann::json& resolved);

}  // namespace kindred::host
