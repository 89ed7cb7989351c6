#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "kindred/dataset.hpp"

namespace kindred::host {

/// The pictures and texts of the samples that a report shows, found by their names. Reading pictures ends
/// when it has taken as long as a report may take; what is not read then is left out.
class ReportObjects {
 public:
  /// `dataset`: null where there is none; then nothing is shown. It must outlive this.
  explicit ReportObjects(const Dataset* dataset);

  /// Looks up where samples are. A name that two samples have is of none.
  void find(const std::vector<std::string>& names);

  bool has_pictures() const { return picture_field_ >= 0; }
  bool has_texts() const { return text_field_ >= 0; }

  /// Of each name a JPEG in base64 that fits `width` x `height`, "" where there is none. Several threads
  /// read.
  std::vector<std::string> pictures(const std::vector<std::string>& names, int64_t width, int64_t height);
  /// "" where there is none.
  std::string text(const std::string& name) const;

  int64_t shown() const { return shown_; }
  int64_t left_out() const { return left_out_; }

 private:
  int64_t number(const std::string& name) const;

  const Dataset* dataset_;
  int64_t picture_field_ = -1, text_field_ = -1;
  std::unordered_map<std::string, int64_t> numbers_;  ///< -1: not there, or there twice
  double seconds_ = 0;                                ///< that reading took so far
  int64_t shown_ = 0, left_out_ = 0;
};

}  // namespace kindred::host
