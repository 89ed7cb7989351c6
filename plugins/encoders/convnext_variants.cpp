#include "convnext_variants.hpp"

#include "kindred/error.hpp"

namespace kindred {
namespace {

struct ConvNextRow {
  std::array<int64_t, kConvNextStages> depths;
  int64_t width;  ///< of the first stage; each other one has twice that of the stage before
  double epsilon = 1e-6;
};

/// Liu et al. 2022, section 3.7, and the smaller ones of Woo et al. 2023, appendix A; xxlarge is OpenCLIP's.
const std::map<std::string, ConvNextRow>& convnext_rows() {
  static const std::map<std::string, ConvNextRow> all = {
      {"convnext_atto", {{2, 2, 6, 2}, 40}},     {"convnext_femto", {{2, 2, 6, 2}, 48}},
      {"convnext_pico", {{2, 2, 6, 2}, 64}},     {"convnext_nano", {{2, 2, 8, 2}, 80}},
      {"convnext_tiny", {{3, 3, 9, 3}, 96}},     {"convnext_small", {{3, 3, 27, 3}, 96}},
      {"convnext_base", {{3, 3, 27, 3}, 128}},   {"convnext_large", {{3, 3, 27, 3}, 192}},
      {"convnext_xlarge", {{3, 3, 27, 3}, 256}}, {"convnext_xxlarge", {{3, 4, 30, 3}, 384, 1e-5}},
      {"convnextv2_atto", {{2, 2, 6, 2}, 40}},   {"convnextv2_femto", {{2, 2, 6, 2}, 48}},
      {"convnextv2_pico", {{2, 2, 6, 2}, 64}},   {"convnextv2_nano", {{2, 2, 8, 2}, 80}},
      {"convnextv2_tiny", {{3, 3, 9, 3}, 96}},   {"convnextv2_small", {{3, 3, 27, 3}, 96}},
      {"convnextv2_base", {{3, 3, 27, 3}, 128}}, {"convnextv2_large", {{3, 3, 27, 3}, 192}},
      {"convnextv2_huge", {{3, 3, 27, 3}, 352}}};
  return all;
}

/// The one network that was trained on other pictures than the rest.
bool is_of_clip(const std::string& variant) { return variant == "convnext_xxlarge"; }

}  // namespace

std::vector<std::string> convnext_variants() {
  std::vector<std::string> names;
  for (const auto& [name, unused] : convnext_rows()) names.push_back(name);
  return names;
}

ConvNextConfig convnext_variant(const std::string& name) {
  const auto it = convnext_rows().find(name);
  if (it == convnext_rows().end()) {
    throw Error("there is no variant \"" + name +
                "\"; give one of those that `host describe convnext` lists");
  }
  ConvNextConfig config;
  config.depths = it->second.depths;
  for (size_t stage = 0; stage < kConvNextStages; ++stage) config.widths[stage] = it->second.width << stage;
  config.response_norm = name.rfind("convnextv2_", 0) == 0;
  config.epsilon = config.last_epsilon = it->second.epsilon;
  return config;
}

/// The digits in a file's name begin its SHA-256.
std::vector<PublishedWeights> published_convnexts() {
  struct File {
    const char *variant, *recipe, *digits;
    double mebibytes;
  };
  constexpr File kOfTorchvision[] = {{"convnext_tiny", "", "983f1562", 109.119},
                                     {"convnext_small", "", "0c510722", 191.703},
                                     {"convnext_base", "", "6075fbad", 338.064},
                                     {"convnext_large", "", "ea097f82", 754.537}};
  constexpr File kOfTimm[] = {{"convnext_atto", "_d2", "01bb0f51", 0},
                              {"convnext_femto", "_d1", "d71d5b4c", 0},
                              {"convnext_pico", "_d1", "10ad7f0d", 0},
                              {"convnext_nano", "_d1h", "7eb4bdea", 0}};
  std::vector<PublishedWeights> files;
  const auto add = [&](const File& file, const std::string& folder, const char* licence, const char* source) {
    const std::string variant = file.variant;
    files.push_back({variant, R"({"variant": ")" + variant + R"("})",
                     folder + variant + file.recipe + "-" + file.digits + ".pth", file.digits, file.mebibytes,
                     licence, source});
  };
  for (const auto& file : kOfTorchvision)
    add(file, "https://download.pytorch.org/models/", "BSD-3-Clause", "torchvision, IMAGENET1K_V1");
  for (const auto& file : kOfTimm) {
    add(file, "https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-rsb-weights/",
        "Apache-2.0", "timm, ImageNet-1K");
  }
  return files;
}

std::map<std::string, std::vector<std::string>> convnexts_by_transforms() {
  const auto transforms = [](int side, const std::string& normalization) {
    const auto number = std::to_string(side);
    return R"([{"type": "kindred.resize", "width": )" + number + R"(, "height": )" + number +
           R"(, "interpolation": "bicubic"}, {"type": "kindred.normalize", )" + normalization + "}]";
  };
  const auto of_imagenet = transforms(224, R"("mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225])");
  const auto of_clip = transforms(256, R"("mean": [0.48145466, 0.4578275, 0.40821073],
             "std": [0.26862954, 0.26130258, 0.27577711])");
  std::map<std::string, std::vector<std::string>> names;
  for (const auto& name : convnext_variants())
    names[is_of_clip(name) ? of_clip : of_imagenet].push_back(name);
  return names;
}

}  // namespace kindred
