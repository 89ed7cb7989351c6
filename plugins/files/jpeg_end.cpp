#include "files/jpeg_end.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "files/bytes_at.hpp"
#include "files/exif.hpp"

namespace kindred {
namespace {

constexpr uint32_t kFirstRestart = 0xD0, kLastRestart = 0xD7, kStart = 0xD8, kEnd = 0xD9, kScan = 0xDA,
                   kApplication1 = 0xE1, kProgressive = 0xC2, kProgressiveArithmetic = 0xCA;

bool is_restart(uint32_t mark) { return mark >= kFirstRestart && mark <= kLastRestart; }

/// Frame headers; the others between them are tables.
bool is_frame(uint32_t mark) {
  return mark >= 0xC0 && mark <= 0xCF && mark != 0xC4 && mark != 0xC8 && mark != 0xCC;
}

/// Which coefficients of which component the scans have brought so far, and to which bit.
class Progress {
 public:
  /// `body`: of a frame header. False when it makes no sense.
  bool begin(std::string_view body, bool progressive) {
    components_.clear();
    progressive_ = progressive;
    const auto count = big_at(body, 5, 1);
    for (size_t i = 0; count && i < *count; ++i) {
      const auto id = big_at(body, 6 + 3 * i, 1);
      if (!id) return false;
      components_[*id].fill(kMissing);
    }
    return !components_.empty();
  }

  /// `body`: of a scan header.
  bool add_scan(std::string_view body) {
    const auto count = big_at(body, 0, 1);
    if (!count || *count == 0 || *count > 4) return false;
    const auto first = big_at(body, 1 + 2 * size_t{*count}, 1),
               last = big_at(body, 2 + 2 * size_t{*count}, 1), bits = big_at(body, 3 + 2 * size_t{*count}, 1);
    if (!first || !last || !bits) return false;
    for (size_t i = 0; i < *count; ++i) {
      const auto component = components_.find(*big_at(body, 1 + 2 * i, 1));
      if (component == components_.end()) return false;
      auto& bit_of = component->second;
      for (uint32_t k = 0; k < bit_of.size(); ++k) {
        if (!progressive_) bit_of[k] = 0;  // one scan brings all
        if (progressive_ && k >= *first && k <= *last) bit_of[k] = static_cast<int>(*bits & 0xF);
      }
    }
    return true;
  }

  bool has_all() const {
    return !components_.empty() && std::all_of(components_.begin(), components_.end(), [](const auto& one) {
      return std::all_of(one.second.begin(), one.second.end(), [](int bit) { return bit == 0; });
    });
  }

 private:
  static constexpr int kMissing = -1;
  bool progressive_ = false;
  std::map<uint32_t, std::array<int, 64>> components_;  ///< lowest bit by component and coefficient
};

class Walk {
 public:
  explicit Walk(std::string_view bytes) : bytes_(bytes) {}

  JpegEnding ending() {
    auto found = walked();
    found.orientation = orientation_;
    return found;
  }

 private:
  JpegEnding walked() {
    at_ = 2;  // behind the start mark
    while (const auto mark = next_mark()) {
      if (*mark == kEnd) return {has_scan_ ? JpegEnd::whole : JpegEnd::cut_off};
      if (is_restart(*mark) || *mark == kStart || *mark == 1) continue;  // they have no body
      const auto length = big_at(bytes_, at_, 2);
      if (!length || *length > bytes_.size() - at_) return {};
      if (*length < 2) return {JpegEnd::whole};
      const auto body = bytes_.substr(at_ + 2, *length - 2);
      at_ += *length;
      if (is_frame(*mark) && !progress_.begin(body, *mark == kProgressive || *mark == kProgressiveArithmetic))
        return {JpegEnd::whole};
      if (*mark == kApplication1) take_exif(body);
      if (*mark != kScan) continue;
      if (!progress_.add_scan(body)) return {JpegEnd::whole};
      has_scan_ = true;
      pass_scan();
    }
    return {ends_in_scan_ && progress_.has_all() ? JpegEnd::unmarked : JpegEnd::cut_off, next_restart_};
  }

  /// Programs write XMP into segments of the same mark, before it or behind.
  void take_exif(std::string_view body) {
    if (has_exif_ || body.substr(0, 6) != std::string_view("Exif\0\0", 6)) return;
    has_exif_ = true;
    orientation_ = exif_orientation(body);
  }

  /// Passes it; nothing at the end of the bytes.
  std::optional<uint32_t> next_mark() {
    for (;;) {
      at_ = std::min(bytes_.find('\xFF', at_), bytes_.size());
      while (at_ < bytes_.size() && bytes_[at_] == '\xFF') ++at_;  // any number of them stands before a mark
      if (at_ >= bytes_.size()) return {};
      const auto mark = static_cast<uint8_t>(bytes_[at_++]);
      if (mark == 0) continue;
      ends_in_scan_ = false;
      return mark;
    }
  }

  /// To the mark behind the compressed data, in which 0xFF is followed by a zero or a restart mark.
  void pass_scan() {
    next_restart_ = 0;
    ends_in_scan_ = true;
    for (;;) {
      at_ = std::min(bytes_.find('\xFF', at_), bytes_.size());
      const auto next = big_at(bytes_, at_ + 1, 1);
      if (!next) return;
      if (*next != 0 && *next != 0xFF && !is_restart(*next)) return;
      if (is_restart(*next)) next_restart_ = static_cast<int>(*next - kFirstRestart + 1) % 8;
      at_ += *next == 0xFF ? 1 : 2;
    }
  }

  std::string_view bytes_;
  size_t at_ = 0;
  Progress progress_;
  bool has_scan_ = false, ends_in_scan_ = false, has_exif_ = false;
  int next_restart_ = 0, orientation_ = 1;
};

}  // namespace

JpegEnding jpeg_ending(std::string_view bytes) { return Walk(bytes).ending(); }

}  // namespace kindred
