#include "host/cache/array_header.hpp"

#include <fstream>
#include <limits>
#include <regex>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr size_t kPrefix = 10;  // signature, version, length of the text as two bytes
constexpr size_t kLongestText =
    1024;  // std::regex recurses over the text, so a damaged length must not decide it

}  // namespace

ArrayHeader read_array_header(const std::string& path) {
  const auto damaged = [&](const std::string& why) { return Error(path + " has a damaged header: " + why); };
  std::ifstream file(path, std::ios::binary);
  std::string prefix(kPrefix, '\0');
  if (!file.read(prefix.data(), kPrefix)) throw damaged("the file cannot be read or ends inside it");
  if (prefix.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0) {
    throw damaged("it does not begin as an array of the cache does");
  }
  const size_t length = static_cast<unsigned char>(prefix[8]) + static_cast<unsigned char>(prefix[9]) * 256u;
  if (length > kLongestText) throw damaged("its length is " + std::to_string(length));
  std::string text(length, ' ');
  if (!file.read(text.data(), static_cast<std::streamsize>(length))) throw damaged("the file ends inside it");
  static const std::regex form(
      R"(\{'descr': '([<|][bifu]([1248]))', 'fortran_order': False, 'shape': \(([0-9, ]+)\), \} *\n)");
  std::smatch match;
  if (!std::regex_match(text, match, form)) throw damaged("dtype and shape cannot be understood");

  ArrayHeader header;
  header.dtype = match[1];
  uintmax_t bytes = static_cast<uintmax_t>(match[2].str().front() - '0');
  static const std::regex number("[0-9]+");
  const std::string shape = match[3];
  for (std::sregex_iterator it(shape.begin(), shape.end(), number), end; it != end; ++it) {
    const auto digits = it->str();
    const auto size = digits.size() > 18 ? -1 : std::stoll(digits);
    if (size < 0 || (size > 0 && bytes > std::numeric_limits<uintmax_t>::max() / 2 / uintmax_t(size))) {
      throw damaged("its shape (" + shape + ") is out of range");
    }
    bytes *= static_cast<uintmax_t>(size);
    header.shape.push_back(size);
  }
  if (header.shape.empty()) throw damaged("it has no shape");
  header.file_bytes = kPrefix + length + bytes;
  return header;
}

}  // namespace kindred::host
