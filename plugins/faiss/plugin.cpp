#include "kindred/plugin.hpp"

// `host doctor` shows the summary: which FAISS, for which instructions, and the BLAS that it was linked with.
KINDRED_PLUGIN("kindred.faiss", KINDRED_SDK_VERSION, "Apache-2.0",
               "Approximate search by " KINDRED_FAISS_BUILD);
