#pragma once

#include "host/pipeline/pipeline.hpp"
#include "host/pipeline/section_reader.hpp"

namespace kindred::host {

// The large sections of a pipeline: each reads its part of `root` into `pipeline`, and with all defaults into
// `out`. What is wrong is in reader.issues() afterwards.
void read_data(SectionReader& reader, const nlohmann::json& value, Pipeline& pipeline, nlohmann::json& out);
void read_model(SectionReader& reader, const nlohmann::json& value, Pipeline& pipeline, nlohmann::json& out);
void read_train(SectionReader& reader, const nlohmann::json& value, Pipeline& pipeline, nlohmann::json& out);
void read_evaluate(SectionReader& reader, const nlohmann::json& value, Pipeline& pipeline,
                   nlohmann::json& out);

}  // namespace kindred::host
