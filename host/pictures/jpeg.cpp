#include "host/pictures/jpeg.hpp"

#include <ATen/ATen.h>

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it and does not say so
#include <cstdlib>

#include <jpeglib.h>

#include "host/pictures/thumbnail.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr int kQuality = 80;

/// libjpeg returns from an error by a jump, or ends the process.
struct JumpingErrors {
  jpeg_error_mgr manager;
  std::jmp_buf place;
  char message[JMSG_LENGTH_MAX];
};

void jump(j_common_ptr what) {
  auto* errors = reinterpret_cast<JumpingErrors*>(what->err);
  what->err->format_message(what, errors->message);
  std::longjmp(errors->place, 1);
}

/// Fills `bytes`, which the caller frees. Nothing here has a destructor that the jump would pass by.
bool encode(const uint8_t* pixels, JDIMENSION height, JDIMENSION width, JumpingErrors& errors,
            unsigned char*& bytes, unsigned long& size) {
  jpeg_compress_struct jpeg;
  jpeg.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = jump;
  if (setjmp(errors.place) != 0) {
    jpeg_destroy_compress(&jpeg);
    return false;
  }
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = width;
  jpeg.image_height = height;
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg.optimize_coding = TRUE;
  jpeg_set_quality(&jpeg, kQuality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < height) {
    auto* row = const_cast<JSAMPROW>(pixels + size_t{3} * width * jpeg.next_scanline);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  return true;
}

}  // namespace

std::string jpeg_bytes(const at::Tensor& image, const std::string& name) {
  const auto plain = image.contiguous();
  JumpingErrors errors{};
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const bool is_done = encode(plain.data_ptr<uint8_t>(), static_cast<JDIMENSION>(plain.size(0)),
                              static_cast<JDIMENSION>(plain.size(1)), errors, bytes, size);
  std::string out = is_done ? std::string(reinterpret_cast<const char*>(bytes), size) : "";
  std::free(bytes);
  if (!is_done) throw Error("cannot encode " + name + " as JPEG: " + errors.message);
  return out;
}

std::string jpeg_thumbnail(const at::Tensor& image, int64_t width, int64_t height, const std::string& name) {
  return jpeg_bytes(quick_thumbnail(image, width, height), name);
}

}  // namespace kindred::host
