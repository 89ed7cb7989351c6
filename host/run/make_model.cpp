#include "host/run/make_model.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/base/issue.hpp"
#include "host/base/text.hpp"
#include "host/model/model_builder.hpp"
#include "host/run/components.hpp"
#include "host/run/trained_stages.hpp"
#include "host/training/low_rank.hpp"
#include "kindred/error.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace {

/// Number of the field that an encoder reads.
size_t field_of(const Pipeline& pipeline, const EncoderSpec& spec, const Dataset& dataset) {
  const auto fields = dataset.fields();
  const auto& asked = spec.options.field;
  if (asked.empty() && (fields.size() == 1 || pipeline.encoders.size() == 1)) return 0;
  std::vector<std::string> names;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!asked.empty() && fields[i].name == asked) return i;
    names.push_back(fields[i].name);
  }
  auto message =
      asked.empty() ? fmt::format("the samples of {} have several fields; say which one this encoder reads",
                                  pipeline.dataset.info->id)
                    : fmt::format("the samples of {} have no field \"{}\"", pipeline.dataset.info->id, asked);
  if (const auto close = closest_name(asked, names); !asked.empty() && !close.empty()) {
    message += "; did you mean \"" + close + "\"?";
  }
  message += names.size() == 1 && names.front().empty() ? "; its samples have one field without a name"
                                                        : "; there are: " + joined(names);
  throw PipelineError({{pipeline.file, spec.pointer + "/field", message}});
}

/// What one would call a few objects of a kind.
const char* plural(ObjectKind kind) {
  if (kind == ObjectKind::image) return "pictures";
  return kind == ObjectKind::text ? "texts" : "vectors";
}

void check_kind(const Pipeline& pipeline, const EncoderSpec& spec, const EncoderPart& part,
                const Dataset& dataset) {
  const auto field = dataset.fields()[part.field];
  if (field.kind == part.object_kind) return;
  throw PipelineError({{pipeline.file, spec.pointer,
                        fmt::format("{} reads {}, but {} gives {}{}", part.id, plural(part.object_kind),
                                    pipeline.dataset.info->id, plural(field.kind),
                                    field.name.empty() ? "" : " in its field \"" + field.name + "\"")}});
}

EncoderPart& add_encoder(ModelBuilder& builder, const EncoderSpec& spec, size_t field, int64_t length) {
  EncoderPart part;
  part.name = spec.name;
  part.field_name = spec.options.field;
  part.field = field;
  return builder.add_encoder(std::move(part), *spec.info, spec.params, length);
}

void set_trained_stages(const Pipeline& pipeline, const EncoderSpec& spec, EncoderPart& part) {
  part.first_trained = first_trained_stage(pipeline, spec, *part.encoder);
  if (spec.learns && part.trained_parameters().empty()) {
    throw PipelineError({{pipeline.file, spec.pointer + "/trainable",
                          part.id + " has nothing that can be trained; set \"trainable\": false"}});
  }
  if (spec.lora) {
    part.low_rank = spec.lora->rank;
    for (const auto& one : lora_targets(spec, part)) part.low_rank_matrices.push_back(one.name);
  }
  part.encoder->freeze_batch_norms(spec.batch_norms_frozen);
}

}  // namespace

Model make_model(const Catalog& catalog, const Pipeline& pipeline, const Dataset& dataset) {
  at::manual_seed(pipeline.seed);
  ModelBuilder builder(catalog, pipeline.seed);
  for (const auto& spec : pipeline.encoders) {
    const auto field = field_of(pipeline, spec, dataset);
    const auto matrix = dataset.field_matrix(field);
    auto& added = add_encoder(builder, spec, field, matrix.defined() ? matrix.size(1) : 0);
    check_kind(pipeline, spec, added, dataset);
    set_trained_stages(pipeline, spec, added);
  }
  for (const auto& spec : pipeline.heads) {
    if (spec.switch_on.empty()) {
      builder.add_head(spec);
      continue;
    }
    try {
      builder.add_switch(spec.switch_on, spec.branches);
    } catch (const Error& error) {
      throw PipelineError({{pipeline.file, spec.pointer, error.what()}});
    }
  }
  auto model = builder.take();
  model.heads.note_bypassed();
  return model;
}

Model make_untrained_encoders(const Catalog& catalog, const Pipeline& pipeline, const VectorLength& length) {
  at::manual_seed(pipeline.seed);
  ModelBuilder builder(catalog, pipeline.seed);
  for (const auto& spec : pipeline.encoders)
    set_trained_stages(pipeline, spec, add_encoder(builder, spec, 0, length(spec)));
  return builder.take();
}

InferenceModel untrained_model(const Catalog& catalog, const Pipeline& pipeline, const VectorLength& length,
                               at::Device device, InferenceModel::Options options, Context& context) {
  auto encoders = make_untrained_encoders(catalog, pipeline, length);
  for (const auto& part : encoders.encoders) {
    for (const auto& note : part.encoder->notes()) context.info(note);
  }
  move_to(encoder_tensors(encoders), device);
  return {std::move(encoders), make_components(catalog, pipeline).transforms.plain, device,
          std::move(options)};
}

}  // namespace kindred::host
