#pragma once

#include <cstddef>
#include <string>

#include "host/base/context.hpp"
#include "host/options/data_options.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// The sentence of the error that a note is when `on_error` is "fail"; "" when it is a warning.
std::string refusal_of(const Note& note, OnError on_error);

/// Says what a dataset notes about itself, as warnings. Throws Error with the first note that loses samples
/// when `on_error` is "fail". Returns how many notes there are.
size_t say_notes(const Dataset& dataset, OnError on_error, Context& context);

/// Says those behind the first `said` ones, which reading has brought.
void say_notes_of_reading(const Dataset& dataset, size_t said, Context& context);

}  // namespace kindred::host
