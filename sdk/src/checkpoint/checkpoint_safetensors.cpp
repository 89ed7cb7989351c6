#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "checkpoint_format.hpp"
#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

// The format: 8 bytes little-endian header size, JSON header, data.
namespace kindred {
namespace {

constexpr uint64_t kLongestHeader = 100'000'000;  // that the format allows

struct DtypeName {
  const char* name;
  at::ScalarType type;
};
constexpr DtypeName kDtypes[] = {{"F64", at::kDouble},    {"F32", at::kFloat}, {"F16", at::kHalf},
                                 {"BF16", at::kBFloat16}, {"I64", at::kLong},  {"I32", at::kInt},
                                 {"I16", at::kShort},     {"I8", at::kChar},   {"U8", at::kByte},
                                 {"BOOL", at::kBool}};

struct Entry {
  std::string name;
  at::ScalarType dtype;
  std::vector<int64_t> shape;
  uint64_t begin, end;
};

Entry parse_entry(const std::string& path, const std::string& name, const nlohmann::json& value) {
  const auto refuse = [&](const std::string& why) {
    return Error(path + " was refused: tensor \"" + name + "\" " + why);
  };
  if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() ||
      !value.contains("shape") || !value["shape"].is_array() || !value.contains("data_offsets") ||
      !value["data_offsets"].is_array() || value["data_offsets"].size() != 2 ||
      !value["data_offsets"][0].is_number_unsigned() || !value["data_offsets"][1].is_number_unsigned()) {
    throw refuse("lacks dtype, shape or data_offsets");
  }
  Entry entry{name,
              at::kFloat,
              {},
              value["data_offsets"][0].get<uint64_t>(),
              value["data_offsets"][1].get<uint64_t>()};
  const auto dtype = value["dtype"].get<std::string>();
  const auto* known =
      std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const auto& d) { return dtype == d.name; });
  if (known == std::end(kDtypes)) throw refuse("has the dtype " + dtype + ", which Kindred does not know");
  entry.dtype = known->type;
  uint64_t bytes = at::elementSize(entry.dtype);
  for (const auto& n : value["shape"]) {
    if (!n.is_number_unsigned() ||
        n.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      throw refuse("has a shape that is not made of sizes");
    }
    const auto size = n.get<uint64_t>();
    if (size != 0 && bytes > std::numeric_limits<int64_t>::max() / size)
      throw refuse("has a shape out of range");
    bytes *= size;
    entry.shape.push_back(static_cast<int64_t>(size));
  }
  if (entry.begin > entry.end || entry.end - entry.begin != bytes) {
    throw refuse("has a shape that needs " + std::to_string(bytes) + " bytes, its offsets give " +
                 std::to_string(static_cast<int64_t>(entry.end - entry.begin)));
  }
  return entry;
}

}  // namespace

std::vector<NamedTensor> read_safetensors(const std::string& path, const std::string& bytes) {
  uint64_t length = 0;
  for (size_t i = 0; i < 8; ++i)
    length |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  if (length > bytes.size() - 8) {
    const bool plausible = length < kLongestHeader;
    throw Error(path + (plausible ? " is cut off: its header claims " : " was refused: its header claims ") +
                std::to_string(length) + " bytes, the file has " + std::to_string(bytes.size()) +
                (plausible ? "; download or copy it again" : ""));
  }
  const auto header = parse_json(std::string_view(bytes).substr(8, static_cast<size_t>(length)));
  if (!header.is_object())
    throw Error(path + " was refused: its header is no JSON object, so it is no safetensors file");
  const uint64_t data_size = bytes.size() - 8 - length;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") entries.push_back(parse_entry(path, name, value));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
  uint64_t expected = 0;  // tensors follow each other without holes or overlaps
  for (const auto& entry : entries) {
    if (entry.begin == expected && entry.end > data_size) {
      const auto needed = entries.back().end;
      throw Error(path + " is cut off: its tensors need " + std::to_string(needed) +
                  " bytes of data, it has " + std::to_string(data_size) + "; \"" + entry.name +
                  "\" is the first that is not whole. Download or copy it again");
    }
    if (entry.begin != expected || entry.end > data_size) {
      throw Error(path + " was refused: the data of tensor \"" + entry.name + "\" is said to be at " +
                  std::to_string(entry.begin) + " to " + std::to_string(entry.end) +
                  ", expected it to begin at " + std::to_string(expected) + " inside " +
                  std::to_string(data_size) + " bytes of data");
    }
    expected = entry.end;
  }
  if (expected != data_size) {
    throw Error(path + " was refused: " + std::to_string(data_size - expected) +
                " bytes at its end belong to no tensor");
  }
  std::vector<NamedTensor> tensors;
  for (const auto& entry : entries) {
    auto tensor = at::empty(entry.shape, at::TensorOptions().dtype(entry.dtype));
    if (tensor.numel() > 0) {
      std::memcpy(tensor.data_ptr(), bytes.data() + 8 + length + entry.begin,
                  static_cast<size_t>(entry.end - entry.begin));
    }
    tensors.push_back({entry.name, tensor});
  }
  return tensors;
}

void write_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                       const std::vector<std::pair<std::string, std::string>>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  for (const auto& [key, value] : metadata) header["__metadata__"][key] = value;
  std::vector<at::Tensor> contiguous;
  uint64_t offset = 0;
  for (const auto& entry : tensors) {
    contiguous.push_back(entry.tensor.detach().to(at::kCPU).contiguous());
    const auto& tensor = contiguous.back();
    const auto* known = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                     [&](const auto& d) { return d.type == tensor.scalar_type(); });
    if (known == std::end(kDtypes)) {
      throw Error("cannot write " + path + ": tensor \"" + entry.name +
                  "\" has a dtype that safetensors lacks");
    }
    if (header.contains(entry.name))
      throw Error("cannot write " + path + ": two tensors are named \"" + entry.name + "\"");
    const uint64_t size = static_cast<uint64_t>(tensor.numel()) * tensor.element_size();
    header[entry.name] = {
        {"dtype", known->name}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = json_text(header);
  text.append((8 - text.size() % 8) % 8, ' ');  // aligned data, as the format recommends
  std::string bytes;
  bytes.reserve(8 + text.size() + offset);
  for (size_t i = 0; i < 8; ++i) bytes += static_cast<char>(text.size() >> (8 * i) & 0xff);
  bytes += text;
  for (const auto& tensor : contiguous) {
    bytes.append(static_cast<const char*>(tensor.data_ptr()),
                 static_cast<size_t>(tensor.numel()) * tensor.element_size());
  }
  write_file_atomically(path, bytes);
}

}  // namespace kindred
