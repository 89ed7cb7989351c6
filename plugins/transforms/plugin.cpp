#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.transforms", KINDRED_SDK_VERSION, "Apache-2.0",
               "What happens to pictures before an encoder");
