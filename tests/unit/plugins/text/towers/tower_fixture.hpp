#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "tower_folder.hpp"

namespace kindred::testing {

/// clip_text or siglip_text, by the folder's config.json.
inline std::shared_ptr<Encoder> tower(const TowerFolder& folder, const nlohmann::json& made,
                                      nlohmann::json params = nlohmann::json::object(), Site site = {}) {
  params["folder"] = folder.path();
  const bool clip = made.at("tokenizer") == "clip";
  return make<Encoder>("text", clip ? "kindred.clip_text" : "kindred.siglip_text", params, site);
}

}  // namespace kindred::testing
