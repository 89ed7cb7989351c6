#include "host/data/dataset_notes.hpp"

#include "kindred/error.hpp"

namespace kindred::host {

std::string refusal_of(const Note& note, OnError on_error) {
  if (!note.loses_samples || on_error != OnError::fail) return "";
  return note.text + " (data.on_error is \"fail\")";
}

size_t say_notes(const Dataset& dataset, OnError on_error, Context& context) {
  const auto notes = dataset.notes();
  for (const auto& note : notes) {
    if (const auto refusal = refusal_of(note, on_error); !refusal.empty()) throw Error(refusal);
    context.warning(note.text);
  }
  return notes.size();
}

void say_notes_of_reading(const Dataset& dataset, size_t said, Context& context) {
  const auto notes = dataset.notes();
  for (size_t i = said; i < notes.size(); ++i) context.warning(notes[i].text);
}

}  // namespace kindred::host
