#include "host/pipeline/folder_transforms.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>

#include "kindred/error.hpp"
#include "kindred/io/json_file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

struct PicturePreparation {
  bool resizes = true;
  int64_t width = 0, height = 0;  ///< the exact size that pictures get; 0: see shorter_side
  int64_t shorter_side = 0;       ///< or the length of their shorter side
  bool bicubic = false;           ///< else bilinear
  bool crops = false;
  int64_t crop_width = 0, crop_height = 0;  ///< of the middle of the picture
  bool normalizes = true;
  std::array<double, 3> mean{0.5, 0.5, 0.5}, std{0.5, 0.5, 0.5};  ///< of pictures scaled to 0..1
};

constexpr int64_t kLongest = 16384;             // px, what Kindred's transforms take
constexpr int64_t kBilinear = 2, kBicubic = 3;  // Pillow's numbers

/// What the processors of transformers take for keys that are missing.
struct Processor {
  const char* begin;  ///< of its name; newer and older classes have other ends
  bool by_shorter_side, crops, bicubic;
  std::array<double, 3> mean, std;
  bool has_crop_share = false;  ///< what is cut out is a share of the resized picture
};
constexpr std::array<double, 3> kHalf{0.5, 0.5, 0.5};
constexpr std::array<double, 3> kClipMean{0.48145466, 0.4578275, 0.40821073};
constexpr std::array<double, 3> kClipStd{0.26862954, 0.26130258, 0.27577711};
constexpr Processor kProcessors[] = {
    {"CLIP", true, true, true, kClipMean, kClipStd},
    {"Bit", true, true, true, kClipMean, kClipStd},
    {"Siglip", false, false, true, kHalf, kHalf},
    {"DINOv3ViT", false, false, false, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
    {"ViT", false, false, false, kHalf, kHalf},
    {"ConvNext", true, false, true, kHalf, kHalf, true}};

[[noreturn]] void refuse(const JsonFile& file, const std::string& key, const std::string& expected) {
  const auto given =
      file.has(key) ? "\"" + key + "\" as " + json_text(file.object().at(key)) : "no \"" + key + "\"";
  throw Error(file.path() + " has " + given + ", expected " + expected +
              "; or give the transforms in the pipeline's data.transforms");
}

const Processor& processor_of(const JsonFile& file) {
  const auto* key = file.has("image_processor_type") ? "image_processor_type" : "feature_extractor_type";
  const auto name = file.text(key, "");
  for (const auto& one : kProcessors) {
    if (name.rfind(one.begin, 0) == 0) return one;
  }
  refuse(file, key, "the image processor of CLIP, Bit, Siglip, DINOv3ViT, ViT or ConvNext");
}

bool is_length(const json& value) {
  return value.is_number_integer() && value.get<int64_t>() >= 1 && value.get<int64_t>() <= kLongest;
}

struct Lengths {
  int64_t width = 0, height = 0, shorter_side = 0;
};

/// A number, {"shortest_edge": n} or {"height": n, "width": n}.
Lengths lengths_of(const JsonFile& file, const char* key, bool number_is_shorter_side) {
  constexpr const char* kExpected =
      "a length in pixels, {\"shortest_edge\": 224} or {\"height\": 224, \"width\": 224}";
  if (!file.has(key)) return number_is_shorter_side ? Lengths{0, 0, 224} : Lengths{224, 224, 0};
  const auto& given = file.object().at(key);
  if (is_length(given)) {
    const auto length = given.get<int64_t>();
    return number_is_shorter_side ? Lengths{0, 0, length} : Lengths{length, length, 0};
  }
  if (!given.is_object()) refuse(file, key, kExpected);
  if (given.size() == 1 && given.contains("shortest_edge") && is_length(given["shortest_edge"]))
    return {0, 0, given["shortest_edge"].get<int64_t>()};
  const bool exact = given.size() == 2 && given.contains("height") && given.contains("width") &&
                     is_length(given["height"]) && is_length(given["width"]);
  if (!exact) refuse(file, key, kExpected);
  return {given["width"].get<int64_t>(), given["height"].get<int64_t>(), 0};
}

std::array<double, 3> colours_of(const JsonFile& file, const char* key,
                                 const std::array<double, 3>& otherwise) {
  if (!file.has(key)) return otherwise;
  const auto& given = file.object().at(key);
  std::array<double, 3> values{};
  bool fits = given.is_array() && given.size() == values.size();
  for (size_t i = 0; fits && i < values.size(); ++i) {
    fits = given[i].is_number();
    if (fits) values[i] = given[i].get<double>();
  }
  if (!fits) refuse(file, key, "three numbers, one for each colour");
  return values;
}

void check_deviations(const JsonFile& file, const char* key, const std::array<double, 3>& values) {
  for (const double one : values) {
    if (!(one > 0)) refuse(file, key, "numbers more than 0");
  }
}

bool is_bicubic(const JsonFile& file, bool otherwise) {
  if (!file.has("resample")) return otherwise;
  const auto& given = file.object().at("resample");
  if (given == kBicubic) return true;
  if (given != kBilinear) refuse(file, "resample", "2 (bilinear) or 3 (bicubic)");
  return false;
}

/// What would change pictures and is not done here.
void refuse_the_rest(const JsonFile& file) {
  for (const auto* key : {"do_pad", "do_flip_channel_order", "do_reduce_labels"}) {
    if (file.boolean(key, false)) refuse(file, key, "false");
  }
  if (!file.boolean("do_rescale", true)) refuse(file, "do_rescale", "true");
  const double factor = file.number("rescale_factor", 1 / 255.0);
  if (std::abs(factor * 255 - 1) > 1e-6)
    refuse(file, "rescale_factor", "1/255, which scales pictures to 0..1");
}

/// The share of a picture's side that the middle which is cut out has.
double crop_share(const JsonFile& file) {
  const auto kept = file.number("crop_pct", 0.875);
  if (!(kept > 0 && kept <= 1)) refuse(file, "crop_pct", "more than 0, up to 1");
  return kept;
}

int64_t side_before_crop(int64_t cropped, double kept) {
  const auto side = std::floor(static_cast<double>(cropped) / kept);
  return static_cast<int64_t>(std::min(side, static_cast<double>(kLongest + 1)));  // which is refused
}

/// timm resizes to a little more than the network's size, and cuts the middle out.
PicturePreparation timm_preparation(const JsonFile& file) {
  constexpr const char* kSize = "input_size";
  const bool has_size =
      file.has(kSize) && file.object().at(kSize).is_array() && file.object().at(kSize).size() == 3;
  if (!has_size) refuse(file, kSize, "channels, height and width");
  const auto& size = file.object().at(kSize);
  if (size[0] != 3 || !is_length(size[1]) || size[1] != size[2])
    refuse(file, kSize, "[3, n, n]: squares in RGB");
  const auto mode = file.text("crop_mode", "center");
  if (mode != "center" && mode != "squash") refuse(file, "crop_mode", "\"center\" or \"squash\"");
  const auto interpolation = file.text("interpolation", "bicubic");
  if (interpolation != "bicubic" && interpolation != "bilinear")
    refuse(file, "interpolation", "bicubic or bilinear");
  PicturePreparation found;
  found.crop_width = found.crop_height = size[1].get<int64_t>();
  const auto side = side_before_crop(found.crop_width, crop_share(file));
  if (mode == "squash") {
    found.width = found.height = side;
  } else {
    found.shorter_side = side;
  }
  found.crops = mode == "center" || side != found.crop_width;
  found.bicubic = interpolation == "bicubic";
  found.mean = colours_of(file, "mean", kHalf);
  found.std = colours_of(file, "std", kHalf);
  check_deviations(file, "std", found.std);
  return found;
}

/// ConvNeXt's: pictures of 384 pixels and more are squeezed, smaller ones are cut out of what is a little
/// larger.
void take_crop_share(const JsonFile& file, PicturePreparation& preparation) {
  constexpr int64_t kSqueezed = 384;
  const auto side = file.has("size") ? preparation.shorter_side : kSqueezed;
  if (side == 0) refuse(file, "size", "a length in pixels, or {\"shortest_edge\": 224}");
  preparation.crops = side < kSqueezed;
  preparation.shorter_side = preparation.crops ? side_before_crop(side, crop_share(file)) : 0;
  preparation.width = preparation.height = preparation.crop_width = preparation.crop_height = side;
}

PicturePreparation hugging_face_preparation(const JsonFile& file) {
  const auto& processor = processor_of(file);
  refuse_the_rest(file);
  PicturePreparation found;
  found.resizes = file.boolean("do_resize", true);
  const auto size = lengths_of(file, "size", processor.by_shorter_side);
  found.width = size.width;
  found.height = size.height;
  found.shorter_side = size.shorter_side;
  found.bicubic = is_bicubic(file, processor.bicubic);
  found.crops = file.boolean("do_center_crop", processor.crops);
  const auto crop = lengths_of(file, "crop_size", false);
  if (found.crops && crop.shorter_side > 0)
    refuse(file, "crop_size", "a length in pixels, or a height and a width");
  found.crop_width = crop.width;
  found.crop_height = crop.height;
  if (processor.has_crop_share) take_crop_share(file, found);
  found.normalizes = file.boolean("do_normalize", true);
  found.mean = colours_of(file, "image_mean", processor.mean);
  found.std = colours_of(file, "image_std", processor.std);
  check_deviations(file, "image_std", found.std);
  return found;
}

json transforms_of(const PicturePreparation& preparation) {
  auto transforms = json::array();
  if (preparation.resizes) {
    json resize = {{"type", "kindred.resize"},
                   {"interpolation", preparation.bicubic ? "bicubic" : "bilinear"}};
    if (preparation.shorter_side > 0) {
      resize["shorter_side"] = preparation.shorter_side;
    } else {
      resize["width"] = preparation.width;
      resize["height"] = preparation.height;
    }
    transforms.push_back(resize);
  }
  if (preparation.crops) {
    transforms.push_back({{"type", "kindred.center_crop"},
                          {"width", preparation.crop_width},
                          {"height", preparation.crop_height}});
  }
  if (preparation.normalizes) {
    transforms.push_back(
        {{"type", "kindred.normalize"}, {"mean", preparation.mean}, {"std", preparation.std}});
  }
  return transforms;
}

}  // namespace

std::optional<json> folder_transforms(const std::string& folder) {
  const auto path = (fs::path(folder) / "preprocessor_config.json").string();
  if (fs::exists(path)) return transforms_of(hugging_face_preparation(JsonFile(path)));
  const auto network = JsonFile::if_present((fs::path(folder) / "config.json").string());
  if (!network.has("pretrained_cfg")) return std::nullopt;
  return transforms_of(timm_preparation(network.section("pretrained_cfg")));
}

}  // namespace kindred::host
