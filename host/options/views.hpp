#pragma once

#include <cstdint>
#include <string>

namespace kindred::host {

/// Ways of looking at a sample, numbered: the picture as data.transforms make it, its mirror image, and
/// from kFirstRandomView on draws of data.train_transforms, each fixed by its number and the seed.
constexpr int64_t kPlainView = 0, kMirrorView = 1, kFirstRandomView = 2;

/// Returns "plain", "mirror", "random 1", and so on.
inline std::string view_name(int64_t view) {
  if (view == kPlainView) return "plain";
  if (view == kMirrorView) return "mirror";
  return "random " + std::to_string(view - kFirstRandomView + 1);
}

/// Returns the number of a name in evaluate.test_views.
inline int64_t view_from_name(const std::string& name) {
  return name == view_name(kMirrorView) ? kMirrorView : kPlainView;
}

}  // namespace kindred::host
