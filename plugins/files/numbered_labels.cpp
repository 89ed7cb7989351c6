#include "files/numbered_labels.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "kindred/io/utf8.hpp"

namespace kindred {
namespace {

constexpr size_t kShownPlaces = 3;
/// From this share of integers on, labels that are none are taken for slips.
constexpr double kMostlyIntegers = 0.9;

bool is_integer(const std::string& text) {
  return !text.empty() && text.size() < 19 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::optional<double> number_in(const std::string& text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

/// What programs write for a value that is missing.
bool means_missing(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto* word : {"nan", "null", "none", "na", "n/a", "<na>", "#n/a", "-1"}) {
    if (text == word) return true;
  }
  return false;
}

struct Spelling {
  int64_t place;  ///< of the first entry
  int64_t count = 0;
};

/// What is said of labels that are there.
class Spellings {
 public:
  Spellings(const std::vector<std::optional<std::string>>& words, std::string list, std::string thing,
            const std::vector<int64_t>& lines)
      : list_(std::move(list)), thing_(std::move(thing)) {
    for (size_t i = 0; i < words.size(); ++i) {
      if (!words[i]) continue;
      const auto place = lines.empty() ? static_cast<int64_t>(i) : lines[i];
      ++spellings_.emplace(*words[i], Spelling{place}).first->second.count;
    }
  }

  std::vector<Note> notes() const {
    std::vector<Note> notes;
    const bool integers = std::all_of(spellings_.begin(), spellings_.end(),
                                      [](const auto& one) { return is_integer(one.first); });
    add_one_number(integers, notes);
    if (integers) return notes;
    add_missing(notes);
    add_slips(notes);
    return notes;
  }

 private:
  using Entry = std::map<std::string, Spelling>::value_type;

  std::string quoted(const Entry& one) const {
    return "\"" + shown(one.first) + "\" (" + places_text(thing_, {one.second.place}) + ")";
  }

  void add_one_number(bool integers, std::vector<Note>& notes) const {
    std::map<double, const Entry*> first;
    const Entry *one = nullptr, *other = nullptr;
    int64_t count = 0;
    for (const auto& spelling : spellings_) {
      const auto value = number_in(spelling.first);
      if (!value) continue;
      const auto [known, is_new] = first.emplace(*value, &spelling);
      if (is_new) continue;
      ++count;
      if (one == nullptr) std::tie(one, other) = std::pair{known->second, &spelling};
    }
    if (count == 0) return;
    notes.push_back({list_ + ": the labels " + quoted(*one) + " and " + quoted(*other) +
                     " are two spellings of one number and " + (integers ? "one class" : "two classes") +
                     (count > 1 ? ", and so are " + std::to_string(count - 1) + " more pairs" : "") +
                     "; write each number in one way"});
  }

  void add_missing(std::vector<Note>& notes) const {
    for (const auto& one : spellings_) {
      if (!means_missing(one.first)) continue;
      notes.push_back({list_ + ": the label " + quoted(one) + " is a class of " +
                       std::to_string(one.second.count) +
                       "; where it means that there is no label, leave the label empty"});
    }
  }

  void add_slips(std::vector<Note>& notes) const {
    int64_t count = 0, words = 0;
    const Entry* first = nullptr;
    for (const auto& one : spellings_) {
      count += one.second.count;
      if (number_in(one.first)) continue;
      words += one.second.count;
      if (first == nullptr) first = &one;
    }
    if (first == nullptr || static_cast<double>(words) > (1 - kMostlyIntegers) * static_cast<double>(count))
      return;
    notes.push_back({list_ + ": " + std::to_string(words) + " of " + std::to_string(count) +
                     " labels are no numbers, such as " + quoted(*first) +
                     ", so all are names of classes and are numbered in the order of the names"});
  }

  std::string list_, thing_;
  std::map<std::string, Spelling> spellings_;
};

}  // namespace

NumberedLabels numbered_labels(const std::vector<std::string>& words) {
  NumberedLabels out;
  out.labels.reserve(words.size());
  if (std::all_of(words.begin(), words.end(), is_integer)) {
    for (const auto& word : words) out.labels.push_back(std::stoll(word));
    return out;
  }
  out.names = words;
  std::sort(out.names.begin(), out.names.end());
  out.names.erase(std::unique(out.names.begin(), out.names.end()), out.names.end());
  for (const auto& word : words)
    out.labels.push_back(std::lower_bound(out.names.begin(), out.names.end(), word) - out.names.begin());
  return out;
}

NumberedLabels numbered_if_given(const std::vector<std::optional<std::string>>& words,
                                 const std::string& list, const std::string& things,
                                 const std::vector<int64_t>& lines) {
  const auto thing = lines.empty() ? things.substr(0, things.size() - 1) : "line";
  std::vector<std::string> given;
  std::vector<int64_t> without;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i]) {
      given.push_back(*words[i]);
    } else {
      without.push_back(lines.empty() ? static_cast<int64_t>(i) : lines[i]);
    }
  }
  if (given.empty()) return {std::vector<int64_t>(words.size(), -1), {}, {}};
  auto out = numbered_labels(given);
  if (!without.empty()) {
    std::vector<int64_t> all;
    auto next = out.labels.begin();
    for (const auto& word : words) all.push_back(word ? *next++ : -1);
    out.labels = std::move(all);
    out.notes.push_back({list + ": " + std::to_string(without.size()) + " of " +
                             std::to_string(words.size()) + " " + things + " have no label (" +
                             places_text(thing, without) + "); they are neither trained on nor measured",
                         true});
  }
  for (auto& note : Spellings(words, list, thing, lines).notes()) out.notes.push_back(std::move(note));
  return out;
}

std::optional<std::string> label_word(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kBlank) + 1 - first));
}

std::string places_text(const std::string& thing, const std::vector<int64_t>& places) {
  std::string text = thing + (places.size() == 1 ? " " : "s ");
  const auto count = std::min(places.size(), kShownPlaces);
  for (size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + std::to_string(places[i]);
  if (places.size() > count) text += " and " + std::to_string(places.size() - count) + " more";
  return text;
}

}  // namespace kindred
