#include "record_pictures.hpp"

#ifdef KINDRED_HAS_PICTURES
#include "files/picture_file.hpp"

namespace kindred {

bool can_read_pictures() { return true; }
at::Tensor record_picture(const std::string& path) { return read_picture(path); }

}  // namespace kindred

#else
#include "kindred/error.hpp"

namespace kindred {

bool can_read_pictures() { return false; }
at::Tensor record_picture(const std::string& path) {
  throw Error(path + " cannot be read: the plugin records was built without OpenCV");
}

}  // namespace kindred
#endif
