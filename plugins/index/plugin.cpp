#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.index", KINDRED_SDK_VERSION, "Apache-2.0",
               "Nearest rows, each compared with a query");
