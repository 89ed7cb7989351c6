#include "tar_samples.hpp"

#include <algorithm>
#include <utility>

#include "kindred/error.hpp"
#include "kindred/io/folder.hpp"
#include "kindred/io/image_names.hpp"

namespace kindred {
namespace {

/// What WebDataset itself writes of a shard, "__name__" or what lies in such a folder, is of no sample.
bool is_of_shard(const std::string& name) {
  const auto first = name.substr(0, name.find('/'));
  return first.size() >= 4 && first.compare(0, 2, "__") == 0 && first.compare(first.size() - 2, 2, "__") == 0;
}

/// "4 links (a, b, c and 1 more)".
std::string counted(const std::vector<std::string>& names, const std::string& one, const std::string& more) {
  return std::to_string(names.size()) + " " + (names.size() == 1 ? one : more) + " (" + first_few(names) +
         ")";
}

}  // namespace

std::vector<TarSamples::Sample> TarSamples::of_shard(const TarFile& shard) {
  const auto content = shard.content();
  for (const auto& link : content.links) {
    if (!has_part_left_behind(link)) links_.push_back(link);
  }
  if (content.unread_from > 0) unread_.push_back(shard.path());
  std::vector<Sample> samples;
  for (auto& parts : grouped(content, shard.path())) {
    const auto image = image_of(parts, shard.path());
    for (const auto& [part, file] : parts) {
      if (image.empty()) without_image_.push_back(file.name);
      if (!image.empty() && !chosen_ && part != image && is_image(part)) further_.push_back(file.name);
    }
    if (!image.empty()) samples.push_back({image, std::move(parts)});
  }
  return samples;
}

std::vector<TarParts> TarSamples::grouped(const TarContent& content, const std::string& shard) {
  std::map<std::pair<int64_t, std::string>, size_t> places;
  std::vector<TarParts> samples;
  for (const auto& file : content.files) {
    const auto start = file.name.rfind('/') + 1;
    if (start == file.name.size() || has_part_left_behind(file.name) || is_of_shard(file.name)) continue;
    const auto dot = file.name.find('.', start);
    if (dot == std::string::npos) {
      without_image_.push_back(file.name);
      continue;
    }
    const auto place = places.emplace(std::make_pair(file.archive, file.name.substr(0, dot)), samples.size());
    if (place.second) samples.emplace_back();
    if (!samples[place.first->second].emplace(lower_case(file.name.substr(dot + 1)), file).second)
      throw Error("tar_shards: " + shard + " holds two files for " + file.name + "; pack it again");
  }
  return samples;
}

bool TarSamples::is_image(const std::string& part) const {
  const auto last = part.substr(part.rfind('.') + 1);
  return std::find_if(extensions_.begin(), extensions_.end(),
                      [&](const auto& one) { return one == part || one == last; }) != extensions_.end();
}

/// Nothing where the sample has no picture.
std::string TarSamples::image_of(const TarParts& parts, const std::string& shard) const {
  for (const auto& extension : extensions_) {
    if (parts.count(extension) > 0) return extension;
  }
  std::vector<std::string> found, names;
  for (const auto& [part, file] : parts) {
    if (!is_image(part)) continue;
    found.push_back(part);
    names.push_back(file.name);
  }
  if (found.size() > 1) {
    throw Error(
        "tar_shards: " + shard + " holds " + counted(names, "picture", "pictures") +
        " for one sample, since its name is what stands before the first dot; name what is behind that dot "
        "in \"extensions\", such as \"" +
        found.front() +
        "\", or pack pictures that are samples of "
        "their own under names with one dot");
  }
  return found.empty() ? "" : found.front();
}

std::vector<Note> TarSamples::notes(const std::string& where) const {
  std::vector<Note> out;
  const auto text = "tar_shards: " + where;
  std::vector<std::string> decoded, others;
  for (const auto& one : extensions_) decoded.push_back(ending_of("." + one));
  const auto undecoded = undecoded_images(text, without_image_, decoded);
  if (!undecoded.empty()) out.push_back({undecoded, true});
  for (const auto& name : without_image_) {
    if (undecoded_images("", {name}, decoded).empty()) others.push_back(name);
  }
  const auto add = [&](bool loses_samples, const std::vector<std::string>& names, const char* thing,
                       const std::string& said_of_one, const std::string& said_of_more) {
    if (names.empty()) return;
    out.push_back({text + ": " + counted(names, thing, thing + std::string("s")) + " " +
                       (names.size() == 1 ? said_of_one : said_of_more),
                   loses_samples});
  };
  add(false, others, "member", "belongs to no picture and is left out",
      "belong to no picture and are left out");
  const std::string further =
      " left out, since the sample has another one, and is its name up to the first dot; "
      "\"extensions\" says which is taken";
  add(false, further_, "picture", "is" + further, "are" + further);
  const std::string link = " and left out; pack what it leads to (tar --dereference --hard-dereference)";
  add(true, links_, "member", "is a link" + link, "are links" + link);
  const std::string unread = " bytes behind the end of the archive that are no archive and are left out";
  add(true, unread_, "shard", "has" + unread, "have" + unread);
  return out;
}

}  // namespace kindred
