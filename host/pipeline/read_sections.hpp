#pragma once

#include "host/pipeline/section_reader.hpp"

namespace kindred::host {

// The large sections of a pipeline: from `pipeline.root` into the rest of `pipeline`, and with all defaults
// into `out`. What is wrong is in reader.issues() afterwards.
void read_data(SectionReader& reader, Pipeline& pipeline, nlohmann::json& out);
void read_model(SectionReader& reader, Pipeline& pipeline, nlohmann::json& out);
void read_train(SectionReader& reader, Pipeline& pipeline, nlohmann::json& out);

}  // namespace kindred::host
