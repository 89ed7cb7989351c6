#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "host/loader/catalog.hpp"
#include "host/loader/component_kinds.hpp"

/// Holds components to what their interfaces promise: whatever one returns is checked where it is handed
/// over, and what it throws gets its name. A wrong shape, dtype, device, row number or a NaN is a PluginError
/// with plugin, component, phase and, where there is one, the sample. (What encoders and heads compute is
/// checked by EncoderPart and HeadChain. The pairs that a miner keeps on another device than the CPU are
/// looked at in its first batches only.)
///
/// A std::exception from Dataset::read, Decoder::decode or Transform::apply passes unchanged: it says that
/// one sample cannot be read.
namespace kindred::host {

/// An overload per kind, each defined in contracts/<kind>_contract.cpp.
#define KINDRED_CONTRACT(Interface, name) \
  std::shared_ptr<Interface> under_contract(std::shared_ptr<Interface> component, const ComponentInfo& info);
KINDRED_COMPONENT_KINDS(KINDRED_CONTRACT)
#undef KINDRED_CONTRACT

/// Makes a component with Catalog::create and puts it under its contract.
template <class Interface>
std::shared_ptr<Interface> create_under_contract(const Catalog& catalog, const ComponentInfo& info,
                                                 const nlohmann::json& params, const Site& site = {}) {
  return under_contract(catalog.create<Interface>(info, params, site), info);
}

/// Returns a text such as "(8, 1280)", or "undefined".
std::string shape_text(const at::Tensor& tensor);

/// "float32 (8, 1280) on cpu", "an undefined tensor": for messages.
std::string tensor_text(const at::Tensor& tensor);

}  // namespace kindred::host
