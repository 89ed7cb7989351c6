#include "host/data/dataset_notes.hpp"

#include "kindred/error.hpp"

namespace kindred::host {

void say_notes(const Dataset& dataset, OnError on_error, Context& context) {
  for (const auto& note : dataset.notes()) {
    if (note.loses_samples && on_error == OnError::fail)
      throw Error(note.text + " (data.on_error is \"fail\")");
    context.warning(note.text);
  }
}

}  // namespace kindred::host
