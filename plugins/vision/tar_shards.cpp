#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "files/file_stamp.hpp"
#include "files/image_file.hpp"
#include "files/numbered_labels.hpp"
#include "kindred/dataset.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/plugin.hpp"
#include "tar_file.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

constexpr uint64_t kLongestLabel = 4096;  // of a .cls; more is something else

/// Pictures in tar files (the layout of WebDataset): files of one sample share their name up to the first
/// dot, 000123.jpg and 000123.cls or 000123.json. Constructing it reads headers and labels, so that pictures
/// are read from anywhere without unpacking.
class TarShardsDataset final : public Dataset {
 public:
  struct Params {
    std::string root;
    std::vector<std::string> extensions = {"jpg", "jpeg", "png", "webp", "bmp"};
    std::string label_key = "label";
    static void describe(Schema<Params>& schema) {
      schema.field("root", &Params::root)
          .doc("Folder with the shards: every *.tar in it, by name.")
          .path()
          .example("\"shards\"")
          .required();
      schema.field("extensions", &Params::extensions)
          .doc(
              "What the names of pictures end with, behind the first dot; of two in a sample the first here "
              "is taken.");
      schema.field("label_key", &Params::label_key)
          .doc(
              "Key of the label in a sample's .json, read where there is no .cls. Integers stay what they "
              "are, words are numbered by name; -1 where no sample has one.");
    }
  };

  explicit TarShardsDataset(const Params& params) : params_(params) {
    for (auto& one : params_.extensions) one = lower(one);
    if (params_.extensions.empty())
      throw Error("tar_shards: extensions is empty; leave it out for the usual ones");
    if (!fs::is_directory(params.root)) throw Error("tar_shards: root " + params.root + " is no folder");
    for (const auto& entry : fs::directory_iterator(params.root)) {
      if (entry.is_regular_file() && entry.path().extension() == ".tar")
        shards_.emplace_back(entry.path().string());
    }
    if (shards_.empty()) {
      throw Error("tar_shards: " + params.root +
                  " holds no *.tar; compressed ones (*.tar.gz) must be unpacked first (gunzip)");
    }
    std::sort(shards_.begin(), shards_.end(),
              [](const auto& a, const auto& b) { return a.path() < b.path(); });
    std::vector<std::optional<std::string>> words;
    for (size_t i = 0; i < shards_.size(); ++i) add_shard(i, words);
    if (samples_.empty()) throw Error("tar_shards: the shards in " + params.root + " hold no sample");
    labels_ = numbered_if_given(words, "tar_shards: " + params.root, "samples");
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_.labels; }
  std::vector<std::string> class_names() const override { return labels_.names; }
  at::Tensor read(int64_t index) const override {
    const auto& sample = samples_.at(static_cast<size_t>(index));
    const auto& shard = shards_[sample.shard];
    return decode_image(shard.read(sample.image), shard.path() + ": " + sample.image.name);
  }
  std::string sample_name(int64_t index) const override {
    const auto& sample = samples_.at(static_cast<size_t>(index));
    return fs::path(shards_[sample.shard].path()).filename().string() + "/" + sample.image.name;
  }
  StoredObject stored(int64_t index, size_t) const override {
    const auto& sample = samples_.at(static_cast<size_t>(index));
    return {shards_[sample.shard].path(), static_cast<int64_t>(sample.image.offset),
            static_cast<int64_t>(sample.image.size), ""};
  }
  std::string fingerprint() const override {
    std::string text = "tar_shards 1";
    for (const auto& one : params_.extensions) text += " " + one;
    for (const auto& shard : shards_) text += "\n" + file_stamp(shard.path());
    return text;
  }

 private:
  struct Sample {
    size_t shard;
    TarEntry image;
  };
  using Parts = std::map<std::string, TarEntry>;  ///< of a sample, by extension

  static std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
  }

  void add_shard(size_t number, std::vector<std::optional<std::string>>& words) {
    const auto& shard = shards_[number];
    std::map<std::string, size_t> places;
    std::vector<Parts> samples;  // in the order of the shard
    for (const auto& entry : shard.entries()) {
      const auto file = entry.name.substr(entry.name.rfind('/') + 1);
      // Hidden files and those that begin with underscores (__meta__) say nothing of a sample.
      if (file.empty() || file[0] == '.' || file.compare(0, 2, "__") == 0) continue;
      const auto dot = file.find('.');
      const auto key = entry.name.substr(0, entry.name.size() - file.size()) + file.substr(0, dot);
      const auto place = places.emplace(key, samples.size());
      if (place.second) samples.emplace_back();
      const auto extension = dot == std::string::npos ? "" : lower(file.substr(dot + 1));
      if (!samples[place.first->second].emplace(extension, entry).second)
        throw Error("tar_shards: " + shard.path() + " holds two files for " + entry.name + "; pack it again");
    }
    for (const auto& parts : samples) {
      samples_.push_back({number, image_of(parts, shard)});
      words.push_back(label_of(parts, shard));
    }
  }

  const TarEntry& image_of(const Parts& parts, const TarFile& shard) const {
    for (const auto& extension : params_.extensions) {
      const auto it = parts.find(extension);
      if (it != parts.end()) return it->second;
    }
    std::string known;
    for (const auto& one : params_.extensions) known += (known.empty() ? "" : ", ") + one;
    throw Error("tar_shards: " + shard.path() + " has no picture beside " + parts.begin()->second.name +
                "; extensions are " + known);
  }

  std::optional<std::string> label_of(const Parts& parts, const TarFile& shard) const {
    const auto cls = parts.find("cls"), json = parts.find("json");
    if (cls != parts.end()) return label_of_text(cls->second, shard);
    if (json != parts.end()) return label_of_json(json->second, shard);
    return {};
  }

  static std::string label_of_text(const TarEntry& entry, const TarFile& shard) {
    const auto text = entry.size <= kLongestLabel ? shard.read(entry) : std::string();
    const auto first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
    if (first == std::string::npos) {
      throw Error("tar_shards: " + shard.path() + ": " + entry.name +
                  " holds no label; expected an integer or a word");
    }
    return text.substr(first, last + 1 - first);
  }

  std::optional<std::string> label_of_json(const TarEntry& entry, const TarFile& shard) const {
    const auto value = parse_json(shard.read(entry));
    if (!value.is_object())
      throw Error("tar_shards: " + shard.path() + ": " + entry.name + " is no object of JSON");
    const auto it = value.find(params_.label_key);
    if (it == value.end() || it->is_null()) return {};
    if (!it->is_string() && !it->is_number_integer()) {
      throw Error("tar_shards: " + shard.path() + ": \"" + params_.label_key + "\" in " + entry.name +
                  " is no text and no integer");
    }
    return it->is_string() ? it->get<std::string>() : it->dump();
  }

  Params params_;
  std::vector<TarFile> shards_;
  std::vector<Sample> samples_;
  NumberedLabels labels_;
};

}  // namespace
KINDRED_COMPONENT(Dataset, TarShardsDataset, "kindred.tar_shards", "1.0.0",
                  "Pictures in tar files (the layout of WebDataset)");
}  // namespace kindred
