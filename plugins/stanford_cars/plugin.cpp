#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.stanford_cars", KINDRED_SDK_VERSION, "Apache-2.0", "The Stanford Cars dataset");
