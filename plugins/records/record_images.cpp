#include "record_images.hpp"

#ifdef KINDRED_HAS_IMAGES
#include "files/image_file.hpp"

namespace kindred {

bool can_read_images() { return true; }
at::Tensor record_image(const std::string& path) { return read_image(path); }

}  // namespace kindred

#else
#include "kindred/error.hpp"

namespace kindred {

bool can_read_images() { return false; }
at::Tensor record_image(const std::string& path) {
  throw Error(path + " cannot be read: the plugin records was built without OpenCV");
}

}  // namespace kindred
#endif
