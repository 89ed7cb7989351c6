#pragma once

#include "host/report/retrieval_shown.hpp"
#include "kindred/tracker.hpp"

namespace kindred::host {

/// What trackers get of the test samples: see TrackedEmbeddings.
TrackedEmbeddings tracked_embeddings(const RetrievalShown& shown);

}  // namespace kindred::host
