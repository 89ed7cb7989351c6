#include "host/run/tracked_embeddings.hpp"

#include <ATen/ATen.h>

#include "host/report/sample_object.hpp"
#include "host/report/shown_rows.hpp"

namespace kindred::host {

TrackedEmbeddings tracked_embeddings(const RetrievalShown& shown) {
  const auto& dataset = shown.dataset;
  const auto rows = shown_rows(static_cast<int64_t>(shown.rows.size()));
  const auto chosen = at::tensor(rows, at::kLong).to(shown.base.device());
  TrackedEmbeddings out;
  out.base = shown.base.index_select(0, chosen).cpu();
  out.tuned = shown.tuned.index_select(0, chosen).cpu();
  const auto names = dataset.class_names();
  for (const auto row : rows) {
    const auto sample = to_int(shown.rows[static_cast<size_t>(row)]);
    out.samples.push_back(dataset.sample_name(sample));
    if (!dataset.pairs().defined())
      out.classes.push_back(class_title(names, dataset.labels()[static_cast<size_t>(sample)]));
  }
  return out;
}

}  // namespace kindred::host
