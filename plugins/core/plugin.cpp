#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.core", KINDRED_SDK_VERSION, "Apache-2.0",
               "Heads, losses, samplers, metrics and stored vectors");
