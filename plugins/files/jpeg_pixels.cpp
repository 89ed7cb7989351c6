#include "files/jpeg_pixels.hpp"

#include <ATen/ATen.h>

#include <csetjmp>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs it and does not say so

#include <jpeglib.h>

namespace kindred {
namespace {

constexpr int64_t kMostPixels = int64_t{1} << 30;  // what OpenCV decodes

/// libjpeg returns from an error by a jump, or ends the process.
struct JumpingErrors {
  jpeg_error_mgr manager;
  std::jmp_buf place;
};

void jump(j_common_ptr what) { std::longjmp(reinterpret_cast<JumpingErrors*>(what->err)->place, 1); }
void keep_silent(j_common_ptr) {}
void count_warning(j_common_ptr what, int level) {
  if (level < 0) ++what->err->num_warnings;
}

/// One file. Its methods that jump have nothing with a destructor.
class Decompression {
 public:
  Decompression() : jpeg_{}, errors_{} {
    jpeg_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = jump;
    errors_.manager.output_message = keep_silent;
    errors_.manager.emit_message = count_warning;
  }
  ~Decompression() { jpeg_destroy_decompress(&jpeg_); }
  Decompression(const Decompression&) = delete;
  Decompression& operator=(const Decompression&) = delete;

  /// False where it cannot be read.
  bool read_header(const std::string& bytes) {
    if (setjmp(errors_.place) != 0) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    if (jpeg_read_header(&jpeg_, TRUE) != JPEG_HEADER_OK) return false;
    jpeg_.out_color_space = JCS_RGB;
    return true;
  }
  bool gives_rgb() const { return jpeg_.num_components != 4; }
  int64_t height() const { return jpeg_.image_height; }
  int64_t width() const { return jpeg_.image_width; }

  /// Fills height * width * 3 bytes. False where it cannot go on.
  bool read_rows(uint8_t* pixels) {
    if (setjmp(errors_.place) != 0) return false;
    jpeg_start_decompress(&jpeg_);
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW row = pixels + size_t{3} * jpeg_.output_width * jpeg_.output_scanline;
      jpeg_read_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

 private:
  jpeg_decompress_struct jpeg_;
  JumpingErrors errors_;
};

}  // namespace

at::Tensor jpeg_pixels(const std::string& bytes) {
  Decompression jpeg;
  if (!jpeg.read_header(bytes) || !jpeg.gives_rgb() || jpeg.height() * jpeg.width() > kMostPixels) return {};
  auto pixels = at::empty({jpeg.height(), jpeg.width(), 3}, at::kByte);
  return jpeg.read_rows(pixels.data_ptr<uint8_t>()) ? pixels : at::Tensor();
}

}  // namespace kindred
