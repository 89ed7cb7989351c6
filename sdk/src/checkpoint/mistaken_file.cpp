#include "mistaken_file.hpp"

#include <filesystem>

#include "kindred/io/image_names.hpp"

namespace kindred {
namespace fs = std::filesystem;
namespace {

constexpr size_t kSafetensorsSize = 8;  // bytes before its header

bool is_web_page(const std::string& bytes) {
  const auto begin = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (begin == std::string::npos || bytes[begin] != '<') return false;
  const auto tag = lower_case(bytes.substr(begin, 9));
  return tag == "<!doctype" || tag.rfind("<html", 0) == 0 || tag.rfind("<head", 0) == 0;
}

}  // namespace

std::string mistaken_for_weights(const std::string& path, const std::string& bytes) {
  if (bytes.rfind("version https://git-lfs", 0) == 0) {
    return path +
           " is a pointer of Git LFS, which stands for the weights and does not hold them; run `git lfs "
           "pull` in its folder, or download the file itself";
  }
  if (is_web_page(bytes)) {
    return path +
           " is no checkpoint but a web page (HTML): the server answered with a page, such as a login, in "
           "place "
           "of the file; download it again by the address of the file itself";
  }
  if (bytes.size() <= kSafetensorsSize && ending_of(path) == ".safetensors") {
    return path + " is cut off: it holds " + std::to_string(bytes.size()) +
           " bytes, and a safetensors file begins with 8 that tell the size of its header; take another copy";
  }
  return "";
}

std::string folder_given_for_weights(const std::string& path) {
  const auto text = path + " is a folder; weights are a file";
  for (const auto* name : {"model.safetensors.index.json", "model.safetensors",
                           "pytorch_model.bin.index.json", "pytorch_model.bin"}) {
    const auto inside = fs::path(path) / name;
    if (fs::exists(inside)) return text + ": give " + inside.string();
  }
  return text + ", such as its model.safetensors, which is not in it";
}

}  // namespace kindred
