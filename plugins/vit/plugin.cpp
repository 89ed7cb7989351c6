#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.vit", KINDRED_SDK_VERSION, "Apache-2.0", "Vision transformers");
