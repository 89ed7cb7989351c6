#pragma once

#include <memory>

#include "host/loader/catalog.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/dataset.hpp"
#include "kindred/encoder.hpp"
#include "kindred/eval_sampler.hpp"
#include "kindred/head.hpp"
#include "kindred/loss.hpp"
#include "kindred/metric.hpp"
#include "kindred/miner.hpp"
#include "kindred/transform.hpp"

/// Holds components to what their interfaces promise: whatever one returns is checked where it is handed
/// over, and what it throws gets its name. A wrong shape, dtype, device, row number or a NaN is a PluginError
/// with plugin, component, phase and, where there is one, the sample. (What encoders and heads compute is
/// checked by EncoderPart and HeadChain. The pairs that a miner keeps on another device than the CPU are
/// looked at in its first batches only.)
///
/// A std::exception from Dataset::read or Transform::apply passes unchanged: it says that one sample cannot
/// be read.
namespace kindred::host {

std::shared_ptr<Dataset> under_contract(std::shared_ptr<Dataset> dataset, const ComponentInfo& info);
std::shared_ptr<Transform> under_contract(std::shared_ptr<Transform> transform, const ComponentInfo& info);
std::shared_ptr<BatchSampler> under_contract(std::shared_ptr<BatchSampler> sampler,
                                             const ComponentInfo& info);
std::shared_ptr<EvalSampler> under_contract(std::shared_ptr<EvalSampler> sampler, const ComponentInfo& info);
std::shared_ptr<Metric> under_contract(std::shared_ptr<Metric> metric, const ComponentInfo& info);
std::shared_ptr<Loss> under_contract(std::shared_ptr<Loss> loss, const ComponentInfo& info);
std::shared_ptr<Miner> under_contract(std::shared_ptr<Miner> miner, const ComponentInfo& info);
std::shared_ptr<Encoder> under_contract(std::shared_ptr<Encoder> encoder, const ComponentInfo& info);
std::shared_ptr<Head> under_contract(std::shared_ptr<Head> head, const ComponentInfo& info);

/// Catalog::create with the contract.
template <class Interface>
std::shared_ptr<Interface> create_under_contract(const Catalog& catalog, const ComponentInfo& info,
                                                 const nlohmann::json& params, const Site& site = {}) {
  return under_contract(catalog.create<Interface>(info, params, site), info);
}

/// "(8, 1280)", "undefined".
std::string shape_text(const at::Tensor& tensor);

/// "float32 (8, 1280) on cpu", "an undefined tensor": for messages.
std::string tensor_text(const at::Tensor& tensor);

}  // namespace kindred::host
