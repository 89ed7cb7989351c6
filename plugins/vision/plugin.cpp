#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.vision", KINDRED_SDK_VERSION, "Apache-2.0",
               "Pictures in folders, lists, tar files and published layouts, and drawn cars");
