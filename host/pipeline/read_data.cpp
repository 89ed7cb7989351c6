#include <algorithm>

#include "host/pipeline/read_sections.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

void read_train_classes(SectionReader& reader, Pipeline& p, const TrainClassesSection& train) {
  const std::string pointer = "/data/split/train/classes_file";
  try {
    const auto path = reader.document().resolve_path(pointer, train.classes_file);
    const auto file = parse_json(text_content(read_file(path), path));
    const auto list = file.is_object() ? file.value("train_classes", json()) : file;
    if (!list.is_array() || list.empty()) {
      reader.issue(
          pointer,
          path + " holds no list of classes: expected [2, 4, ...] or {\"train_classes\": [2, 4, ...]}");
      return;
    }
    for (const auto& one : list) {
      if (!one.is_number_integer() || one.get<int64_t>() < 0) {
        reader.issue(pointer, path + " lists " + json_text(one) + "; classes are integers from 0");
        return;
      }
      p.split.train_classes.push_back(one.get<int64_t>());
    }
    std::sort(p.split.train_classes.begin(), p.split.train_classes.end());
    p.split.train_classes.erase(std::unique(p.split.train_classes.begin(), p.split.train_classes.end()),
                                p.split.train_classes.end());
  } catch (const Error& error) {
    reader.issue(pointer, error.what());
  }
}

/// Reads `folds` and `fold`, which stand in place of `train`.
void read_folds(SectionReader& reader, Pipeline& p, const SplitSection& split, json& out) {
  p.split.folds = split.folds;
  p.split.fold = split.fold;
  if (split.folds == 1) {
    reader.issue("/data/split/folds",
                 "one fold would test every class and leave none to train on; give 2 or more, such as 5");
  } else if (split.fold > split.folds) {
    reader.issue("/data/split/fold", split.folds == 0 ? "there are no folds; give data.split.folds as well"
                                                      : "there are only " + std::to_string(split.folds) +
                                                            " folds, numbered from 1");
  }
  if (split.folds == 0) {
    // What a pipeline does not use does not stand in the folders of its runs.
    out.erase("folds");
    out.erase("fold");
  } else if (!split.train.is_null()) {
    // A run's own pipeline.json has the keys that were not used.
    const json unused = {{"classes_file", ""}, {"first", 0}};
    const bool used =
        !split.train.is_object() ||
        std::any_of(split.train.items().begin(), split.train.items().end(),
                    [&](const auto& one) { return unused.value(one.key(), json()) != one.value(); });
    if (used)
      reader.issue("/data/split/train", "data.split.folds says which classes are trained on; remove one");
  }
}

void read_split(SectionReader& reader, Pipeline& p, const json& value, json& out) {
  const auto split = reader.section<SplitSection>(value, "/data/split", &out);
  const auto train = reader.section<TrainClassesSection>(split.train, "/data/split/train", &out["train"]);
  const bool by_fraction = split.train.is_object() && split.train.contains("fraction");
  p.split.seed = static_cast<uint64_t>(split.seed);
  read_folds(reader, p, split, out);
  if (int{!train.classes_file.empty()} + int{train.first > 0} + int{by_fraction} > 1) {
    reader.issue("/data/split/train", "give one of classes_file, first and fraction, not several");
  }
  p.split.train_fraction = train.fraction;
  p.split.train_first = train.first;
  if (train.first > 0 || split.folds > 0) out["train"].erase("fraction");
  if (!train.classes_file.empty()) {
    out["train"].erase("fraction");
    read_train_classes(reader, p, train);
  }
  const auto& validation = split.validation;
  if (validation.is_string()) {
    const auto text = validation.get<std::string>();
    if (text == "test")
      p.split.validation = ValidationSource::test;
    else if (text == "none")
      p.split.validation = ValidationSource::none;
    else
      reader.issue("/data/split/validation",
                   "expected an object, \"test\" or \"none\", got \"" + text + "\"");
    return;
  }
  const auto held_out =
      reader.section<ValidationSection>(validation, "/data/split/validation", &out["validation"]);
  p.split.validation_fraction = held_out.fraction;
  p.split.validation_min_classes = held_out.min_classes;
  p.split.validation = held_out.fraction > 0 ? ValidationSource::train_classes : ValidationSource::none;
}

}  // namespace

void read_data(SectionReader& reader, const json& value, Pipeline& p, json& out) {
  const auto section = reader.section<DataSection>(value, "/data", &out["data"]);
  p.loading = section;
  auto& data = out["data"];
  if (!section.dataset.is_null())
    p.dataset = reader.component(section.dataset, "dataset", "/data/dataset", &data["dataset"]);
  read_split(reader, p, section.split, data["split"]);
  p.transforms = reader.components(section.transforms, "transform", "/data/transforms", &data["transforms"]);
  p.has_train_transforms = !section.train_transforms.is_null();
  p.train_transforms = p.has_train_transforms
                           ? reader.components(section.train_transforms, "transform",
                                               "/data/train_transforms", &data["train_transforms"])
                           : p.transforms;
}

}  // namespace kindred::host
