#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.encoders", KINDRED_SDK_VERSION, "Apache-2.0",
               "Convolutional networks and TorchScript modules");
