#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "kindred/abi/abi.h"

/// Plugin files as bytes, to be read and damaged in place.
namespace kindred::testing {

/// `bytes` with `value` at `offset`.
template <class Value>
std::string with(std::string bytes, size_t offset, Value value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
}

template <class Record>
Record record_at(const std::string& bytes, size_t offset) {
  if (offset + sizeof(Record) > bytes.size()) throw std::runtime_error("the file is shorter than expected");
  Record record;
  std::memcpy(&record, bytes.data() + offset, sizeof record);
  return record;
}

template <class Record>
std::vector<Record> records_at(const std::string& bytes, size_t offset, size_t count) {
  std::vector<Record> records;
  for (size_t i = 0; i < count; ++i) records.push_back(record_at<Record>(bytes, offset + i * sizeof(Record)));
  return records;
}

constexpr size_t kNoteHead = 16;  ///< bytes in front of a note's payload: three numbers and "KD"

/// Where the note "KD" of `type` begins; of offers the one with `id`.
inline size_t note_at(const std::string& bytes, uint32_t type, const std::string& id = "") {
  std::string head(kNoteHead, '\0');
  const uint32_t numbers[] = {3,
                              static_cast<uint32_t>(type == KINDRED_NOTE_TAG ? sizeof(kindred_build_tag)
                                                                             : sizeof(kindred_offer_note)),
                              type};
  std::memcpy(head.data(), numbers, sizeof numbers);
  std::memcpy(head.data() + sizeof numbers, "KD", 3);
  for (auto at = bytes.find(head); at != std::string::npos; at = bytes.find(head, at + 1)) {
    const auto* text = bytes.data() + at + kNoteHead + offsetof(kindred_offer_note, id);
    if (type == KINDRED_NOTE_TAG || id == text) return at;
  }
  throw std::runtime_error("the file has no such note");
}

/// Where the program headers that fit are.
template <class Fits>
std::vector<size_t> segments_of(const std::string& bytes, Fits&& fits) {
  const auto header = record_at<Elf64_Ehdr>(bytes, 0);
  std::vector<size_t> places;
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const auto place = header.e_phoff + i * sizeof(Elf64_Phdr);
    if (fits(record_at<Elf64_Phdr>(bytes, place))) places.push_back(place);
  }
  return places;
}

inline std::vector<size_t> segments_of_type(const std::string& bytes, uint32_t type) {
  return segments_of(bytes, [&](const Elf64_Phdr& one) { return one.p_type == type; });
}

/// `bytes` with one more segment of notes, behind its end. A header that nothing but unwinding needs becomes
/// that of the segment.
inline std::string with_more_notes(const std::string& bytes, const std::string& notes) {
  const auto places = segments_of_type(bytes, PT_GNU_EH_FRAME);
  if (places.size() != 1) throw std::runtime_error("the file has no header to spare");
  auto segment = record_at<Elf64_Phdr>(bytes, places[0]);
  segment.p_type = PT_NOTE;
  segment.p_align = 4;
  segment.p_offset = bytes.size();
  segment.p_filesz = notes.size();
  return with(bytes + notes, places[0], segment);
}

}  // namespace kindred::testing
