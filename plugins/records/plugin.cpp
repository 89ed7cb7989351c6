#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.records", KINDRED_SDK_VERSION, "Apache-2.0",
               "Lines of JSON: records of texts, pictures and vectors, and scored pairs");
