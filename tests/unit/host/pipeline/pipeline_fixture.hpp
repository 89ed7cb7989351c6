#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fixture_plugins.hpp"
#include "host/loader/catalog.hpp"
#include "host/pipeline/document.hpp"
#include "host/pipeline/validator.hpp"

namespace kindred::testing {

/// The components of the good fixture plugin, loaded once.
inline const host::Catalog& fixture_catalog() {
  static const auto catalog = host::Catalog::load(std::vector<std::string>{fixture_folder("good")});
  return catalog;
}

/// A pipeline without mistakes that gives no more than it must.
inline nlohmann::json good_pipeline() {
  return nlohmann::json::parse(R"({
    "kindred": 1,
    "data": {"dataset": {"type": "points"}},
    "model": {"encoders": {"point": {"type": "scale"}}, "head": {"type": "diagonal"}},
    "train": {"loss": {"type": "pull"}, "batch_sampler": {"type": "in_order"}},
    "evaluate": {"metrics": [{"type": "hit"}]}
  })");
}

/// The issues that loading and checking a file gives; none when it is in order.
inline std::vector<host::Issue> issues_of(const std::string& file,
                                          const std::vector<std::string>& overrides = {},
                                          const host::Catalog& catalog = fixture_catalog()) {
  try {
    (void)host::validate_pipeline(host::load_document(file, overrides), catalog);
  } catch (const host::PipelineError& error) {
    return error.issues();
  }
  return {};
}

}  // namespace kindred::testing
