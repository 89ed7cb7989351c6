#include <ATen/ATen.h>

#include "kindred/decoder.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"

namespace {

/// Reads farbfeld: eight letters, width and height as 32 bits each, and 16 bits for each of red, green, blue
/// and alpha of a pixel, row by row. All numbers have their high byte first.
class KINDRED_CLASS final : public kindred::Decoder {
 public:
  using Params = kindred::NoParams;
  explicit KINDRED_CLASS(const Params&) {}

  bool recognizes(std::string_view bytes) const override { return bytes.substr(0, 8) == "farbfeld"; }

  /// Bytes -> uint8 (H, W, 3) RGB. Called by several threads at once.
  at::Tensor decode(std::string_view bytes, const std::string& name) const override {
    constexpr size_t kHead = 16, kPixel = 8;
    if (!recognizes(bytes) || bytes.size() < kHead) throw kindred::Error(name + " is no farbfeld picture");
    const auto width = number(bytes, 8), height = number(bytes, 12);
    // Nothing is asked for before the bytes are known to be there; the product of two 32-bit numbers fits.
    if (width == 0 || height == 0 || width * height != (bytes.size() - kHead) / kPixel)
      throw kindred::Error(name + " has not as many pixels as it says; copy or download it again");
    auto image = at::empty({static_cast<int64_t>(height), static_cast<int64_t>(width), 3}, at::kByte);
    auto* out = image.data_ptr<uint8_t>();
    for (size_t pixel = kHead; pixel + kPixel <= bytes.size(); pixel += kPixel) {
      for (size_t channel = 0; channel < 3; ++channel)
        *out++ = static_cast<uint8_t>(bytes[pixel + 2 * channel]);
    }
    return image;
  }

  std::vector<std::string> extensions() const override { return {".ff"}; }

  /// Two pixels, a red one and a green one.
  std::vector<std::string> examples() const override {
    return {
        std::string("farbfeld"
                    "\0\0\0\2\0\0\0\1"
                    "\xFF\xFF\0\0\0\0\xFF\xFF"
                    "\0\0\xFF\xFF\0\0\xFF\xFF",
                    32)};
  }

 private:
  static uint64_t number(std::string_view bytes, size_t place) {
    uint64_t value = 0;
    for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[place + i]);
    return value;
  }
};

}  // namespace

KINDRED_COMPONENT(kindred::Decoder, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Farbfeld to pictures");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "A decoder: KINDRED_NAME");
