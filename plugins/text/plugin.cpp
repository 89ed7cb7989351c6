#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.text", KINDRED_SDK_VERSION, "Apache-2.0", "Encoders of text");
