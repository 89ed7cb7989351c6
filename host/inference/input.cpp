#include <utility>

#include "kindred/inference.hpp"

namespace kindred {

Input Input::file(std::string path) {
  Input input(Form::file);
  input.name_ = std::move(path);
  return input;
}

Input Input::bytes(std::string content, std::string name) {
  Input input(Form::bytes);
  input.content_ = std::move(content);
  input.name_ = std::move(name);
  return input;
}

Input Input::image(std::vector<uint8_t> rgb, int64_t height, int64_t width) {
  Input input(Form::image);
  input.pixels_ = std::move(rgb);
  input.height_ = height;
  input.width_ = width;
  return input;
}

Input Input::image(const uint8_t* rgb, int64_t height, int64_t width) {
  // A size that makes no sense is said when it is encoded, as of every other input.
  const bool sound = rgb != nullptr && height > 0 && width > 0;
  return image(sound ? std::vector<uint8_t>(rgb, rgb + height * width * 3) : std::vector<uint8_t>{}, height,
               width);
}

Input Input::text(std::string utf8) {
  Input input(Form::text);
  input.content_ = std::move(utf8);
  return input;
}

Input Input::vector(std::vector<float> numbers) {
  Input input(Form::vector);
  input.numbers_ = std::move(numbers);
  return input;
}

Input Input::record(std::vector<std::pair<std::string, Input>> fields) {
  Input input(Form::record);
  input.fields_ = std::move(fields);
  return input;
}

}  // namespace kindred
