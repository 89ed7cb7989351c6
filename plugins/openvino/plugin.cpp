#include "kindred/plugin.hpp"

KINDRED_PLUGIN("kindred.openvino", KINDRED_SDK_VERSION, "Apache-2.0",
               "Networks of ONNX files, computed by OpenVINO " KINDRED_OPENVINO_VERSION);
