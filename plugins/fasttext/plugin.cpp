#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.fasttext", KINDRED_SDK_VERSION, "Apache-2.0", "Texts by the vectors of their words");
