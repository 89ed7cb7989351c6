#pragma once

/// The version of the SDK and of the host that came with it.
#define KINDRED_SDK_VERSION "0.14.0"
