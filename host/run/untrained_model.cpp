#include "host/run/untrained_model.hpp"

#include "host/run/components.hpp"

namespace kindred::host {

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
