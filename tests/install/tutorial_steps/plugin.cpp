#include "kindred/plugin.hpp"

KINDRED_PLUGIN("my.plugin.tutorial_steps", "0.1.0", "Apache-2.0", "The second steps of the tutorials");
