#include "host/model/model_builder.hpp"

#include <fmt/format.h>

#include "host/contracts/contracts.hpp"
#include "host/model/switch_head.hpp"
#include "kindred/error.hpp"
#include "kindred/finite.hpp"

namespace kindred::host {
namespace {

/// Whatever a component read its tensors from: what cannot be right must not compute. Buffers may hold
/// infinities, as masks do.
void check_tensors(const char* kind, const std::string& id, Module& module) {
  auto wrong = what_is_no_weight(module.parameters());
  if (wrong.empty()) wrong = what_is_no_weight(module.buffers(), [](const std::string&) { return true; });
  if (wrong.empty()) return;
  throw Error(
      fmt::format("the weights of the {} {} cannot be right: {}; the file that they come from is "
                  "damaged, or the training that wrote it ran away",
                  kind, id, wrong));
}

}  // namespace

EncoderPart& ModelBuilder::add_encoder(EncoderPart part, const ComponentInfo& info,
                                       const nlohmann::json& params, int64_t input_dimension) {
  Site site;
  site.seed = seed_;
  part.id = info.id;
  part.plugin = info.plugin_id;
  part.encoder = create_under_contract<Encoder>(catalog_, info, params, site);
  check_tensors("encoder", part.id, *part.encoder);
  part.object_kind = part.encoder->object_kind();
  part.dimension = part.encoder->dimension();
  if (part.dimension == 0) part.dimension = input_dimension;
  part.stage_count = static_cast<int64_t>(part.encoder->stages().size());
  part.first_trained = part.stage_count;
  part.encoder->train(false);
  model_.embedding_dimension += part.dimension;
  model_.output_dimension = model_.embedding_dimension;
  model_.encoders.push_back(std::move(part));
  return model_.encoders.back();
}

HeadStage ModelBuilder::stage(const ComponentSpec& spec, int64_t input_dimension) const {
  Site site;
  site.input_dimension = input_dimension;
  site.seed = seed_;
  HeadStage made{spec.info->id, spec.info->plugin_id,
                 create_under_contract<Head>(catalog_, *spec.info, spec.params, site)};
  check_tensors("head", made.id, *made.head);
  made.head->train(false);
  return made;
}

void ModelBuilder::add_head(const ComponentSpec& spec) {
  model_.heads.stages.push_back(stage(spec, model_.output_dimension));
  model_.output_dimension = model_.heads.stages.back().head->output_dimension();
}

void ModelBuilder::add_switch(const std::string& on,
                              const std::vector<std::vector<ComponentSpec>>& branches) {
  const auto count = static_cast<int64_t>(branches.size());
  int64_t first = 0, width = 0;
  for (const auto& part : model_.encoders) {
    if (part.name == on) {
      width = part.dimension;
      break;
    }
    first += part.dimension;
  }
  if (width != count) {
    throw Error(fmt::format("the encoder {} gives {} numbers, but there are {} heads to choose from", on,
                            width, count));
  }
  std::vector<HeadChain> chains;
  int64_t output = 0;
  for (const auto& branch : branches) {
    int64_t dimension = model_.embedding_dimension - width;
    HeadChain chain;
    for (const auto& spec : branch) {
      chain.stages.push_back(stage(spec, dimension));
      dimension = chain.stages.back().head->output_dimension();
    }
    if (!chains.empty() && dimension != output) {
      throw Error(fmt::format("head 0 gives embeddings of {} numbers, head {} of {}; they must agree", output,
                              chains.size(), dimension));
    }
    output = dimension;
    chains.push_back(std::move(chain));
  }
  model_.heads.stages.push_back(
      {SwitchHead::kId, "host",
       std::make_shared<SwitchHead>(first, model_.embedding_dimension, output, std::move(chains))});
  model_.output_dimension = output;
}

}  // namespace kindred::host
