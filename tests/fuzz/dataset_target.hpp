#pragma once

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "kindred/dataset.hpp"
#include "kindred/error.hpp"
#include "kindred/params.hpp"

namespace kindred::fuzz {

/// Makes a dataset over the file, as the host would, and asks it what a run asks; pictures are not opened.
/// Answers that break the interface end the program.
template <class Made>
bool reads(const std::string& path, nlohmann::json params) {
  params["file"] = path;
  try {
    const Made dataset(Schema<typename Made::Params>::get().parse(params.dump()));
    const auto size = dataset.size();
    const auto names = static_cast<int64_t>(dataset.class_names().size());
    const auto& labels = dataset.labels();
    if (static_cast<int64_t>(labels.size()) != size) std::abort();
    const auto wrong = [&](int64_t label) { return label < -1 || (names > 0 && label >= names); };
    if (std::any_of(labels.begin(), labels.end(), wrong)) std::abort();
    for (const auto& note : dataset.notes()) {
      if (note.text.empty()) std::abort();
    }
    const auto fields = dataset.fields();
    for (size_t field = 0; field < fields.size(); ++field) {
      for (int64_t i = 0; i < std::min<int64_t>(size, 50); ++i) {
        if (dataset.sample_name(i).empty()) std::abort();
        if (fields[field].kind == ObjectKind::text) (void)dataset.read_field(i, field);
      }
      if (fields[field].kind == ObjectKind::vector && dataset.field_matrix(field).size(0) != size)
        std::abort();
    }
    (void)dataset.fingerprint();
    const auto pairs = dataset.pairs();
    if (pairs.defined() && pairs.rows.size(0) != pairs.scores.size(0)) std::abort();
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace kindred::fuzz
