#include "kindred/decoder.hpp"

#include <ATen/ATen.h>

#include "kindred/error.hpp"
#include "kindred/plugin.hpp"

namespace {

/// Farbfeld of which what is transparent shows white.
class MyDecoder final : public kindred::Decoder {
 public:
  using Params = kindred::NoParams;
  explicit MyDecoder(const Params&) {}

  bool recognizes(std::string_view bytes) const override { return bytes.substr(0, 8) == "farbfeld"; }

  at::Tensor decode(std::string_view bytes, const std::string& name) const override {
    constexpr size_t kHead = 16, kPixel = 8;
    if (!recognizes(bytes) || bytes.size() < kHead) throw kindred::Error(name + " is no farbfeld picture");
    const auto width = number(bytes, 8, 4), height = number(bytes, 12, 4);
    if (width == 0 || height == 0 || width * height != (bytes.size() - kHead) / kPixel)
      throw kindred::Error(name + " has not as many pixels as it says; copy or download it again");
    auto image = at::empty({static_cast<int64_t>(height), static_cast<int64_t>(width), 3}, at::kByte);
    auto* out = image.data_ptr<uint8_t>();
    // shown in the tutorial:
    constexpr uint64_t kWhite = 0xFFFF;
    for (size_t pixel = kHead; pixel + kPixel <= bytes.size(); pixel += kPixel) {
      const auto alpha = number(bytes, pixel + 6, 2);
      for (size_t channel = 0; channel < 3; ++channel) {
        const auto colour = number(bytes, pixel + 2 * channel, 2);
        *out++ = static_cast<uint8_t>((colour * alpha + kWhite * (kWhite - alpha)) / kWhite >> 8);
      }
    }
    // end
    return image;
  }

  std::vector<std::string> extensions() const override { return {".ff"}; }

  std::vector<std::string> examples() const override {
    return {
        std::string("farbfeld"
                    "\0\0\0\2\0\0\0\1"
                    "\xFF\xFF\0\0\0\0\x80\x00"
                    "\0\0\xFF\xFF\0\0\xFF\xFF",
                    32)};
  }

 private:
  static uint64_t number(std::string_view bytes, size_t place, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[place + i]);
    return value;
  }
};

}  // namespace

KINDRED_COMPONENT(kindred::Decoder, MyDecoder, "my.next_decoder", "0.1.0", "Farbfeld on white");
