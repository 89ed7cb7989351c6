#pragma once

#include "host/base/context.hpp"
#include "host/options/data_options.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Says what a dataset notes about itself, as warnings. Throws Error with the first note that loses samples
/// when `on_error` is "fail".
void say_notes(const Dataset& dataset, OnError on_error, Context& context);

}  // namespace kindred::host
