#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "component.hpp"
#include "kindred/loss.hpp"

namespace kindred::testing {

/// With its parameters and buffers in float64, so that finite differences can follow.
inline std::shared_ptr<Loss> make_double_loss(const char* id, const nlohmann::json& params,
                                              const Site& site) {
  auto loss = make<Loss>("core", id, params, site);
  for (const auto& one : module_tensors(*loss)) one.tensor.set_data(one.tensor.to(at::kDouble));
  return loss;
}

}  // namespace kindred::testing
