#include "kindred/io/names.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace kindred {
namespace {

constexpr std::string_view kKindWords[] = {"loss",   "miner",   "batchsampler", "sampler",  "head",
                                           "metric", "encoder", "dataset",      "transform"};

/// What others call a parameter, in plain letters, and what it may be called here: the first one that exists
/// is meant.
struct OtherWord {
  std::string_view word, name;
};
constexpr OtherWord kOtherWords[] = {{"learningrate", "lr"},
                                     {"baselr", "lr"},
                                     {"numepochs", "epochs"},
                                     {"nepochs", "epochs"},
                                     {"maxepochs", "epochs"},
                                     {"numtrainepochs", "epochs"},
                                     {"bs", "batch_size"},
                                     {"wd", "weight_decay"},
                                     {"l2", "weight_decay"},
                                     {"numworkers", "threads"},
                                     {"workers", "threads"},
                                     {"numthreads", "threads"},
                                     {"optim", "optimizer"},
                                     {"optimiser", "optimizer"},
                                     {"scheduler", "schedule"},
                                     {"lrschedule", "schedule"},
                                     {"lrscheduler", "schedule"},
                                     {"criterion", "loss"},
                                     {"lossfunc", "loss"},
                                     {"lossfn", "loss"},
                                     {"sampler", "batch_sampler"},
                                     {"randomseed", "seed"},
                                     {"randomstate", "seed"},
                                     {"backbone", "encoders"},
                                     {"encoder", "encoders"},
                                     {"trunk", "encoders"},
                                     {"heads", "head"},
                                     {"embedder", "head"},
                                     {"metric", "metrics"},
                                     {"augmentations", "train_transforms"},
                                     {"augmentation", "train_transforms"},
                                     {"transform", "transforms"},
                                     {"tau", "temperature"},
                                     {"temp", "temperature"},
                                     {"t", "temperature"},
                                     {"negmargin", "negative_margin"},
                                     {"posmargin", "positive_margin"},
                                     {"m", "margin"},
                                     {"m", "samples"},
                                     {"s", "scale"},
                                     {"p", "classes"},
                                     {"nlabels", "classes"},
                                     {"numclasses", "classes"},
                                     {"classesperbatch", "classes"},
                                     {"k", "samples"},
                                     {"ninstances", "samples"},
                                     {"numinstances", "samples"},
                                     {"samplesperclass", "samples"},
                                     {"embeddingsize", "dimension"},
                                     {"embeddingdim", "dimension"},
                                     {"outfeatures", "dimension"},
                                     {"outdim", "dimension"},
                                     {"dim", "dimension"},
                                     {"dropoutp", "dropout"},
                                     {"checkpoint", "weights"},
                                     {"pretrained", "weights"},
                                     {"arch", "variant"},
                                     {"architecture", "variant"},
                                     {"modelname", "variant"},
                                     {"distancefunction", "distance"},
                                     {"distancemetric", "distance"},
                                     {"path", "file"},
                                     {"path", "root"},
                                     {"datadir", "root"},
                                     {"datasetroot", "root"},
                                     {"folder", "root"},
                                     {"directory", "root"},
                                     {"csv", "file"},
                                     {"dataframe", "file"},
                                     {"dataframename", "file"},

                                     {"labelcol", "label_column"},
                                     {"targetcolumn", "label_column"},
                                     {"imagecolumn", "path_column"},
                                     {"earlystop", "early_stopping"},
                                     {"outputdir", "directory"},
                                     {"savedir", "directory"},
                                     {"logger", "trackers"},
                                     {"loggers", "trackers"},
                                     {"gpu", "device"},
                                     {"accelerator", "device"}};

/// Small letters and digits alone.
std::string letters_of(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '@')
      out += "at";
    else if (std::isalnum(byte) != 0 || byte >= 0x80)
      out += static_cast<char>(std::tolower(byte));
  }
  return out;
}

}  // namespace

std::string plain_name(std::string_view name) {
  auto plain = letters_of(name);
  for (const auto& kind : kKindWords) {
    if (plain.size() <= kind.size() || plain.compare(plain.size() - kind.size(), kind.size(), kind) != 0)
      continue;
    plain.resize(plain.size() - kind.size());
    break;
  }
  return plain;
}

std::string same_name(std::string_view word, const std::vector<std::string>& names) {
  const auto letters = letters_of(word);
  for (const auto& name : names) {
    if (letters_of(name) == letters) return name;
  }
  for (const auto& other : kOtherWords) {
    if (other.word != letters) continue;
    const auto known = std::find(names.begin(), names.end(), other.name);
    if (known != names.end()) return *known;
  }
  return "";
}

}  // namespace kindred
