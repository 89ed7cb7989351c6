#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.vision", KINDRED_SDK_VERSION, "Apache-2.0", "Folders of pictures, and drawn cars");
