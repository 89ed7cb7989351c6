#include "host/report/run_report/report_objects.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "host/base/clock.hpp"
#include "host/base/text_forms/base64.hpp"
#include "host/pictures/jpeg.hpp"
#include "host/report/sample_object.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

constexpr double kMostSeconds = 10;  // of reading pictures, which may be large or far away

}  // namespace

ReportObjects::ReportObjects(const Dataset* dataset) : dataset_(dataset) {
  if (dataset_ == nullptr) return;
  picture_field_ = field_of_kind(*dataset_, ObjectKind::image);
  text_field_ = field_of_kind(*dataset_, ObjectKind::text);
}

void ReportObjects::find(const std::vector<std::string>& names) {
  if (!has_pictures() && !has_texts()) return;
  for (const auto& name : names) numbers_.emplace(name, -1);
  std::unordered_map<std::string, int> seen;
  for (int64_t i = 0; i < dataset_->size(); ++i) {
    const auto name = kindred::shown(dataset_->sample_name(i));
    const auto place = numbers_.find(name);
    if (place != numbers_.end()) place->second = ++seen[name] == 1 ? i : -1;
  }
}

int64_t ReportObjects::number(const std::string& name) const {
  const auto place = numbers_.find(name);
  return place == numbers_.end() ? -1 : place->second;
}

std::vector<std::string> ReportObjects::pictures(const std::vector<std::string>& names, int64_t width,
                                                 int64_t height) {
  std::vector<std::string> out(names.size());
  if (!has_pictures()) return out;
  const double start = now_seconds(), most = kMostSeconds - seconds_;
  const auto field = static_cast<size_t>(picture_field_);
  at::parallel_for(0, static_cast<int64_t>(names.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto i = begin; i < end && now_seconds() - start < most; ++i) {
      const auto place = static_cast<size_t>(i);
      const auto sample = number(names[place]);
      if (sample < 0) continue;
      try {
        const auto picture = dataset_->read_field(sample, field);
        out[place] = base64_text(jpeg_thumbnail(picture, width, height, names[place]));
      } catch (const std::exception&) {
        // It is counted as left out.
      }
    }
  });
  seconds_ += now_seconds() - start;
  for (const auto& one : out) ++(one.empty() ? left_out_ : shown_);
  return out;
}

std::string ReportObjects::text(const std::string& name) const {
  const auto sample = has_texts() ? number(name) : -1;
  return sample < 0 ? "" : shown_text(*dataset_, SampleIndex{sample}, static_cast<size_t>(text_field_));
}

}  // namespace kindred::host
