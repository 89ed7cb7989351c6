#!/bin/sh
# The reference of the SDK's headers as HTML in build/docs/html; a warning is an error.
set -eu
cd "$(dirname "$0")/.."
.ci/setup.sh doxygen doxygen-awesome-css
mkdir -p build
doxygen docs/sdk/Doxyfile
