#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kindred/dataset.hpp"

namespace kindred {

struct NumberedLabels {
  std::vector<int64_t> labels;     ///< -1 where there is none
  std::vector<std::string> names;  ///< by label; empty when the words were integers
  std::vector<Note> notes;         ///< what a person has to know of them
};

/// Labels that are words, or numbers in words: if all are integers of at least 0 they stay what they are,
/// else they are numbered in the order of their names.
NumberedLabels numbered_labels(const std::vector<std::string>& words);

/// The same for a list some of whose entries have no label, which become -1. The notes count them, unless no
/// entry has a label, and name spellings that are likely a mistake: "3.0" beside "3", "nan", one word among
/// integers. `list` and `things` are for them: "t.csv", "rows". `lines` are the places of the entries in the
/// file; without them entries are counted from 0.
NumberedLabels numbered_if_given(const std::vector<std::optional<std::string>>& words,
                                 const std::string& list, const std::string& things,
                                 const std::vector<int64_t>& lines = {});

/// A label as it is written, without the blanks around it; nothing where only blanks are left.
std::optional<std::string> label_word(std::string_view text);

/// Lists a few numbers: "lines 3, 7, 9 and 15 more", "line 3".
std::string places_text(const std::string& thing, const std::vector<int64_t>& places);

}  // namespace kindred
