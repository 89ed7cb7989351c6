#include "host/pipeline/validator.hpp"

#include <algorithm>
#include <filesystem>

#include "host/loader/catalog.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"
#include "kindred/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

class Validator {
 public:
  Validator(const Document& document, const Catalog& catalog) : document_(document), catalog_(catalog) {}

  Pipeline run();
  const std::vector<Issue>& issues() const { return issues_; }

 private:
  void issue(const std::string& pointer, const std::string& message) {
    // What could not be expanded cannot be right, and its own issue says why.
    for (const auto& one : document_.issues) {
      if (one.pointer == pointer) return;
    }
    issues_.push_back({document_.file_of(pointer), pointer, message});
  }

  /// Reads one section; an absent (null) one gives the defaults.
  template <class Section>
  Section section(const json& value, const std::string& pointer, json* resolved = nullptr);
  void check_paths(const json& schema, json& params, const std::string& pointer, bool must_exist);

  /// `host_keys`: schemas of further keys that the host has taken out of `value` itself, for suggestions.
  ComponentSpec component(const json& value, const std::string& kind, const std::string& pointer,
                          json* resolved, const json& host_keys = json::object());
  /// Takes the keys of Section out of a component's object and reads them.
  template <class Section>
  Section host_keys_of(json& value, const std::string& pointer, json& resolved);
  std::vector<ComponentSpec> components(const json& value, const std::string& kind,
                                        const std::string& pointer, json* resolved);
  void read_data(Pipeline& p, json& out);
  void read_split(Pipeline& p, const json& value, json& out);
  void read_train_classes(Pipeline& p, const TrainClassesSection& section);
  void read_model(Pipeline& p, json& out);
  EncoderSpec encoder(const std::string& name, json value, json& out);
  void read_trainable(EncoderSpec& encoder, const std::string& pointer, json& out);
  void read_heads(Pipeline& p, const json& value, json& out);
  HeadSpec head(const Pipeline& p, const json& value, const std::string& pointer, json& out);
  void read_train(Pipeline& p, json& out);
  std::vector<LossSpec> losses(const json& value, json& out);
  LossSpec loss(json value, const std::string& pointer, json& out);
  std::map<std::string, double> factors(const json& value, const std::string& pointer, const char* example);
  std::vector<FreezeSection> freezes(const json& value, json& out);
  void check_views(const Pipeline& p);
  void read_evaluate(Pipeline& p, json& out);

  const Document& document_;
  const Catalog& catalog_;
  std::vector<Issue> issues_;
};

bool is_at_or_below(const std::string& pointer, const std::string& place) {
  return pointer.rfind(place, 0) == 0 && (pointer.size() == place.size() || pointer[place.size()] == '/');
}

json with_defaults(const json& schema, const json& value) {
  json out = value.is_object() ? value : json::object();
  for (const auto& [name, field] : schema["properties"].items()) {
    if (!out.contains(name) && field.contains("default")) out[name] = field["default"];
  }
  return out;
}

template <class Section>
Section Validator::section(const json& value, const std::string& pointer, json* resolved) {
  const json given = value.is_null() ? json::object() : value;
  const auto schema = Schema<Section>::get().to_json();
  json complete = with_defaults(schema, given);
  if (given.is_object()) check_paths(schema, complete, pointer, false);
  std::vector<ParamIssue> found;
  if (given.is_object()) {
    // What was given is checked first, so that a default never hides a wrong value.
    (void)Schema<Section>::get().read(given, found);
    for (const auto& one : found) issue(pointer + one.pointer, one.message);
  } else {
    issue(pointer, std::string("expected an object, got ") + value.type_name());
  }
  found.clear();
  if (resolved != nullptr) *resolved = complete;
  return Schema<Section>::get().read(complete, found);
}

void Validator::check_paths(const json& schema, json& params, const std::string& pointer, bool must_exist) {
  for (const auto& [name, field] : schema["properties"].items()) {
    const auto mark = field.value("x-path", "");
    if (mark.empty() || mark == "files" || !params.contains(name) || !params[name].is_string()) continue;
    const auto place = pointer + "/" + name;
    // A default stands in no file, so it starts at the working directory: `host run` writes to ./runs.
    const auto text = params[name].get<std::string>();
    const bool given = document_.origins.count(place) > 0;
    const auto path = text.empty() || given ? document_.resolve_path(place, text)
                                            : fs::absolute(text).lexically_normal().string();
    if (must_exist && !path.empty() && !fs::exists(path)) {
      issue(place,
            "there is no file or folder " + path +
                (path == params[name] ? "" : " (relative paths start at the folder of the pipeline file)"));
    }
    params[name] = path;
  }
}

ComponentSpec Validator::component(const json& value, const std::string& kind, const std::string& pointer,
                                   json* resolved, const json& host_keys) {
  ComponentSpec spec;
  spec.pointer = pointer;
  if (!value.is_object() || !value.contains("type") || !value["type"].is_string()) {
    issue(pointer, "expected a " + kind + ": an object such as {\"type\": \"NAME\"}; `host list --kind " +
                       kind + "` names those found");
    return spec;
  }
  const auto type = value["type"].get<std::string>();
  const auto* info = catalog_.find(kind, type);
  if (info == nullptr) {
    const auto names = catalog_.names(kind);
    std::string message = "no " + kind + " is called \"" + type + "\"";
    if (const auto same = catalog_.matches(kind, type); !same.empty()) {
      message = "\"" + type + "\" is the short name of more than one " + kind + "; write the full one:";
      for (const auto* one : same) message += (one == same.front() ? " " : " or ") + one->id;
      issue(pointer + "/type", message);
      return spec;
    }
    const auto others = catalog_.kinds_of(type);
    if (!others.empty()) message += "; it is the name of a " + others.front();
    if (const auto close = closest_name(type, names); !close.empty())
      message += "; did you mean \"" + close + "\"?";
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
    issue(pointer + "/type", message + (list.empty() ? "; no plugin offers one" : "; there are: " + list));
    return spec;
  }
  json params = value;
  params.erase("type");
  json known = info->schema;
  known["properties"].update(host_keys);
  const auto before = issues_.size();
  for (const auto& found : check_params(known, params)) issue(pointer + found.pointer, found.message);
  params = with_defaults(info->schema, params);
  check_paths(info->schema, params, pointer, true);
  if (issues_.size() == before) spec.info = info;
  spec.params = params;
  if (resolved != nullptr) {
    *resolved = params;
    (*resolved)["type"] = info->id;
  }
  return spec;
}

std::vector<ComponentSpec> Validator::components(const json& value, const std::string& kind,
                                                 const std::string& pointer, json* resolved) {
  std::vector<ComponentSpec> specs;
  json out = json::array();
  if (value.is_null()) {
    // none
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      json one;
      specs.push_back(component(value[i], kind, pointer + "/" + std::to_string(i), &one));
      out.push_back(one);
    }
  } else {
    json one;
    specs.push_back(component(value, kind, pointer, &one));
    out.push_back(one);
  }
  if (resolved != nullptr) *resolved = out;
  return specs;
}

template <class Section>
Section Validator::host_keys_of(json& value, const std::string& pointer, json& resolved) {
  const auto schema = Schema<Section>::get().to_json();
  json taken = json::object();
  if (value.is_object()) {
    for (const auto& [key, unused] : schema["properties"].items()) {
      if (!value.contains(key)) continue;
      taken[key] = value[key];
      value.erase(key);
    }
  }
  return section<Section>(taken, pointer, &resolved);
}

void Validator::read_data(Pipeline& p, json& out) {
  p.data = section<DataSection>(p.root.data, "/data", &out["data"]);
  auto& data = out["data"];
  if (!p.data.dataset.is_null())
    p.dataset = component(p.data.dataset, "dataset", "/data/dataset", &data["dataset"]);
  read_split(p, p.data.split, data["split"]);
  p.transforms = components(p.data.transforms, "transform", "/data/transforms", &data["transforms"]);
  p.train_transforms = p.data.train_transforms.is_null()
                           ? p.transforms
                           : components(p.data.train_transforms, "transform", "/data/train_transforms",
                                        &data["train_transforms"]);
}

void Validator::read_split(Pipeline& p, const json& value, json& out) {
  const auto split = section<SplitSection>(value, "/data/split", &out);
  const auto train = section<TrainClassesSection>(split.train, "/data/split/train", &out["train"]);
  const bool by_fraction = split.train.is_object() && split.train.contains("fraction");
  if (int{!train.classes_file.empty()} + int{train.first > 0} + int{by_fraction} > 1) {
    issue("/data/split/train", "give one of classes_file, first and fraction, not several");
  }
  p.train_fraction = train.fraction;
  p.train_first = train.first;
  if (train.first > 0) out["train"].erase("fraction");
  if (!train.classes_file.empty()) {
    out["train"].erase("fraction");
    read_train_classes(p, train);
  }
  const auto& validation = split.validation;
  if (validation.is_string()) {
    const auto text = validation.get<std::string>();
    if (text == "test")
      p.validation = ValidationSource::test;
    else if (text == "none")
      p.validation = ValidationSource::none;
    else
      issue("/data/split/validation", "expected an object, \"test\" or \"none\", got \"" + text + "\"");
    return;
  }
  const auto held_out = section<ValidationSection>(validation, "/data/split/validation", &out["validation"]);
  p.validation_fraction = held_out.fraction;
  p.validation = held_out.fraction > 0 ? ValidationSource::train_classes : ValidationSource::none;
}

void Validator::read_train_classes(Pipeline& p, const TrainClassesSection& train) {
  const std::string pointer = "/data/split/train/classes_file";
  try {
    const auto path = document_.resolve_path(pointer, train.classes_file);
    const auto file = parse_json(read_file(path));
    const auto list = file.is_object() ? file.value("train_classes", json()) : file;
    if (!list.is_array() || list.empty()) {
      issue(pointer,
            path + " holds no list of classes: expected [2, 4, ...] or {\"train_classes\": [2, 4, ...]}");
      return;
    }
    for (const auto& one : list) {
      if (!one.is_number_integer() || one.get<int64_t>() < 0) {
        issue(pointer, path + " lists " + one.dump() + "; classes are integers from 0");
        return;
      }
      p.train_classes.push_back(one.get<int64_t>());
    }
    std::sort(p.train_classes.begin(), p.train_classes.end());
    p.train_classes.erase(std::unique(p.train_classes.begin(), p.train_classes.end()), p.train_classes.end());
  } catch (const Error& error) {
    issue(pointer, error.what());
  }
}

void Validator::read_model(Pipeline& p, json& out) {
  const auto model = section<ModelSection>(p.root.model, "/model", &out["model"]);
  if (!model.encoders.is_object() || model.encoders.empty()) {
    if (!model.encoders.is_null()) {
      issue("/model/encoders",
            "expected an object with at least one encoder, such as {\"image\": {\"type\": \"NAME\"}}");
    }
  } else {
    auto& encoders = out["model"]["encoders"];
    encoders = json::object();
    for (const auto& [name, value] : model.encoders.items()) {
      p.encoders.push_back(encoder(name, value, encoders[name]));
    }
  }
  read_heads(p, model.head, out["model"]["head"]);
}

EncoderSpec Validator::encoder(const std::string& name, json value, json& out) {
  EncoderSpec spec;
  const auto pointer = (json::json_pointer("/model/encoders") / name).to_string();
  json options;
  spec.options = host_keys_of<EncoderSection>(value, pointer, options);
  static_cast<ComponentSpec&>(spec) =
      component(value, "encoder", pointer, &out, Schema<EncoderSection>::get().to_json()["properties"]);
  spec.name = name;
  read_trainable(spec, pointer + "/trainable", options["trainable"]);
  if (out.is_object()) out.update(options);
  return spec;
}

void Validator::read_heads(Pipeline& p, const json& value, json& out) {
  out = json::array();
  if (value.is_null()) return;
  const json list = value.is_array() ? value : json::array({value});
  for (size_t i = 0; i < list.size(); ++i) {
    json one;
    p.head.push_back(
        head(p, list[i], value.is_array() ? "/model/head/" + std::to_string(i) : "/model/head", one));
    out.push_back(one);
  }
}

HeadSpec Validator::head(const Pipeline& p, const json& value, const std::string& pointer, json& out) {
  HeadSpec spec;
  if (!value.is_object() || !value.contains("switch")) {
    static_cast<ComponentSpec&>(spec) = component(value, "head", pointer, &out);
    return spec;
  }
  spec.pointer = pointer + "/switch";
  if (pointer != "/model/head" && pointer != "/model/head/0") {
    issue(pointer, "a switch comes before the other heads, since it chooses by an encoder's numbers");
  }
  if (value.size() > 1) issue(pointer, "beside \"switch\" there is nothing to say in a head");
  const auto options = section<SwitchSection>(value["switch"], spec.pointer, &out["switch"]);
  spec.switch_on = options.on;
  std::vector<std::string> names;
  for (const auto& one : p.encoders) names.push_back(one.name);
  if (!options.on.empty() && std::find(names.begin(), names.end(), options.on) == names.end()) {
    std::string list;
    for (const auto& one : names) list += (list.empty() ? "" : ", ") + one;
    issue(spec.pointer + "/on", "no encoder is called \"" + options.on + "\"; there are: " + list);
  } else if (names.size() == 1) {
    issue(spec.pointer + "/on",
          "the numbers of \"" + options.on + "\" choose the head, so that another encoder is needed for it");
  }
  if (!options.heads.is_array() || options.heads.size() < 2) {
    issue(spec.pointer + "/heads", "expected a list of at least two heads");
    return spec;
  }
  out["switch"]["heads"] = json::array();
  for (size_t i = 0; i < options.heads.size(); ++i) {
    json one;
    spec.branches.push_back(
        components(options.heads[i], "head", spec.pointer + "/heads/" + std::to_string(i), &one));
    out["switch"]["heads"].push_back(one);
  }
  return spec;
}

void Validator::read_trainable(EncoderSpec& encoder, const std::string& pointer, json& out) {
  const auto& value = encoder.options.trainable;
  if (value.is_boolean()) {
    encoder.learns = value.get<bool>();
    encoder.batch_norms_frozen = false;  // a network from scratch has no statistics to keep
    return;
  }
  if (!value.is_object()) {
    issue(pointer, "must be a boolean, or an object such as {\"from\": \"layer4\"}, got " + value.dump());
    return;
  }
  const auto trainable = section<TrainableSection>(value, pointer, &out);
  encoder.learns = true;
  encoder.trained_from = trainable.from;
  encoder.batch_norms_frozen = trainable.batch_norm == "frozen";
  encoder.lr_multipliers = factors(trainable.lr_multipliers, pointer + "/lr_multipliers",
                                   "a factor per stage, such as {\"head\": 2}");
}

std::map<std::string, double> Validator::factors(const json& value, const std::string& pointer,
                                                 const char* example) {
  std::map<std::string, double> out;
  if (value.is_null()) return out;
  if (!value.is_object()) {
    issue(pointer, std::string("expected an object with ") + example);
    return out;
  }
  for (const auto& [name, factor] : value.items()) {
    if (!factor.is_number() || factor.get<double>() < 0) {
      issue((json::json_pointer(pointer) / name).to_string(),
            "must be a number of at least 0, got " + factor.dump());
    } else {
      out[name] = factor.get<double>();
    }
  }
  return out;
}

std::vector<FreezeSection> Validator::freezes(const json& value, json& out) {
  std::vector<FreezeSection> entries;
  if (value.is_null()) return entries;
  const std::string pointer = "/train/freeze";
  if (!value.is_array()) {
    issue(pointer, "expected a list, such as [{\"tensors\": \"encoder.*\", \"until_epoch\": 3}]");
    return entries;
  }
  out = json::array();
  for (size_t i = 0; i < value.size(); ++i) {
    json one;
    const auto place = pointer + "/" + std::to_string(i);
    entries.push_back(section<FreezeSection>(value[i], place, &one));
    out.push_back(one);
    const auto& entry = entries.back();
    if (entry.until_epoch > 0 && entry.until_epoch < entry.from_epoch) {
      issue(place + "/until_epoch", "comes before from_epoch, " + std::to_string(entry.from_epoch));
    }
  }
  return entries;
}

void Validator::read_train(Pipeline& p, json& out) {
  if (p.root.train.is_null()) return;
  p.has_train = true;
  p.train = section<TrainSection>(p.root.train, "/train", &out["train"]);
  auto& train = out["train"];
  if (!p.train.loss.is_null()) p.losses = losses(p.train.loss, train["loss"]);
  if (!p.train.batch_sampler.is_null()) {
    p.batch_sampler =
        component(p.train.batch_sampler, "batch_sampler", "/train/batch_sampler", &train["batch_sampler"]);
  }
  p.optimizer = section<OptimizerSection>(p.train.optimizer, "/train/optimizer", &train["optimizer"]);
  p.lr_factors = factors(p.optimizer.lr_factors, "/train/optimizer/lr_factors",
                         "a factor per pattern, such as {\"head.*.bias\": 2}");
  p.freeze = freezes(p.train.freeze, train["freeze"]);
  p.schedule = section<ScheduleSection>(p.train.schedule, "/train/schedule", &train["schedule"]);
  p.early_stopping = section<EarlyStoppingSection>(p.train.early_stopping, "/train/early_stopping",
                                                   &train["early_stopping"]);
  if (p.train.swa_start > p.train.epochs) {
    issue("/train/swa_start",
          "there are only " + std::to_string(p.train.epochs) + " epochs, so that nothing would be averaged");
  }
  for (size_t i = 0; i < p.freeze.size(); ++i) {
    if (p.freeze[i].from_epoch <= p.train.epochs) continue;
    issue("/train/freeze/" + std::to_string(i) + (p.freeze[i].from_epoch > 1 ? "/from_epoch" : ""),
          "there are only " + std::to_string(p.train.epochs) + " epochs");
  }
  if (p.train.ema > 0 && p.train.swa_start > 0) {
    issue("/train/swa_start", "the weights are averaged by ema already; remove one of the two");
  }
  if (p.optimizer.momentum > 0 && p.optimizer.type != "sgd") {
    issue("/train/optimizer/momentum", "only sgd takes a momentum; \"" + p.optimizer.type + "\" has betas");
  }
  if (p.optimizer.nesterov && p.optimizer.momentum <= 0) {
    issue("/train/optimizer/nesterov", "nesterov needs a momentum above 0");
  }
  const auto& monitor = p.early_stopping.monitor;
  if (monitor.rfind("validation.", 0) == 0 && p.validation == ValidationSource::none) {
    issue("/train/early_stopping/monitor",
          "\"" + monitor + "\" needs validation classes, but data.split.validation holds none");
  } else if (!monitor.empty() && monitor.rfind("validation.", 0) != 0 && monitor != "train.loss") {
    issue("/train/early_stopping/monitor",
          "\"" + monitor +
              "\" is not \"train.loss\", \"validation.loss\" or \"validation.\" and a metric's name");
  }
}

std::vector<LossSpec> Validator::losses(const json& value, json& out) {
  if (!value.is_array()) return {loss(value, "/train/loss", out)};
  if (value.empty()) issue("/train/loss", "the list of losses is empty; name at least one");
  std::vector<LossSpec> specs;
  out = json::array();
  for (size_t i = 0; i < value.size(); ++i) {
    json one;
    specs.push_back(loss(value[i], "/train/loss/" + std::to_string(i), one));
    out.push_back(one);
  }
  return specs;
}

LossSpec Validator::loss(json value, const std::string& pointer, json& out) {
  LossSpec spec;
  json host_keys;
  const auto options = host_keys_of<LossSection>(value, pointer, host_keys);
  static_cast<ComponentSpec&>(spec) =
      component(value, "loss", pointer, &out, Schema<LossSection>::get().to_json()["properties"]);
  spec.weight = options.weight;
  if (!options.miner.is_null()) {
    spec.miner = component(options.miner, "miner", pointer + "/miner", &host_keys["miner"]);
  }
  if (!options.memory.is_null()) {
    spec.has_memory = true;
    spec.memory = section<MemorySection>(options.memory, pointer + "/memory", &host_keys["memory"]);
  }
  for (const char* absent : {"miner", "memory"}) {
    if (host_keys[absent].is_null()) host_keys.erase(absent);
  }
  if (out.is_object()) out.update(host_keys);
  return spec;
}

void Validator::check_views(const Pipeline& p) {
  const auto some = [&](auto&& predicate) {
    return std::any_of(p.encoders.begin(), p.encoders.end(), predicate);
  };
  if (p.cache.type == "none" && some([](const EncoderSpec& one) { return !one.learns; })) {
    issue("/cache/type",
          "a frozen encoder is run once and its embeddings are kept; take \"cpu\" to leave no file");
  }
  if (p.cache.type == "none" && p.cache.views > 1) {
    issue("/cache/views", "there are no views to keep without a cache; take another cache.type");
  }
  if (p.cache.views > 1 && !p.encoders.empty() &&
      !some([](const EncoderSpec& one) { return !one.trained_from.empty(); })) {
    issue("/cache/views",
          "views are kept of the maps in front of the stage that an encoder is trained from; this one is " +
              std::string(p.learns() ? "trained whole, on pictures" : "frozen") +
              ": set \"trainable\": {\"from\": STAGE}, or leave views at 1");
  }
  if (p.cache.views > 2 && p.data.train_transforms.is_null()) {
    issue(
        "/cache/views",
        "views beyond the picture and its mirror image are draws of data.train_transforms, which is missing; "
        "add it, for example [{\"type\": \"random_resized_crop\"}, ...], or set views to 2");
  }
}

void Validator::read_evaluate(Pipeline& p, json& out) {
  p.evaluate = section<EvaluateSection>(p.root.evaluate, "/evaluate", &out["evaluate"]);
  auto& evaluate = out["evaluate"];
  if (p.evaluate.test_views.empty()) {
    issue("/evaluate/test_views", "at least one view is needed, such as [\"plain\"]");
  }
  p.metrics = components(p.evaluate.metrics, "metric", "/evaluate/metrics", &evaluate["metrics"]);
  if (p.metrics.empty() && !p.evaluate.metrics.is_null()) {
    issue("/evaluate/metrics", "at least one metric is needed, such as [{\"type\": \"r_precision\"}]");
  }
  if (!p.evaluate.eval_sampler.is_null()) {
    p.eval_sampler = component(p.evaluate.eval_sampler, "eval_sampler", "/evaluate/eval_sampler",
                               &evaluate["eval_sampler"]);
  }
}

bool is_device(const std::string& text) {
  if (text == "auto" || text == "cpu" || text == "cuda") return true;
  return text.rfind("cuda:", 0) == 0 && text.size() > 5 && text.size() < 8 &&
         text.find_first_not_of("0123456789", 5) == std::string::npos;
}

Pipeline Validator::run() {
  Pipeline p;
  p.file = document_.file;
  json out;
  json value = document_.value;
  if (!value.contains("name")) value["name"] = fs::path(document_.file).stem().string();
  if (!value.contains("evaluate")) {
    issue("/evaluate",
          "the section is missing; it says what is measured, for example "
          "{\"metrics\": [{\"type\": \"r_precision\"}]}");
  }
  p.root = section<RootSection>(value, "", &out);
  for (size_t i = 0; i < p.root.plugins.size(); ++i) {
    out["plugins"][i] = document_.resolve_path("/plugins/" + std::to_string(i), p.root.plugins[i]);
  }
  if (!is_device(p.root.device)) {
    issue("/device", "\"" + p.root.device + "\" is not a device; expected auto, cpu, cuda or cuda:N");
  }
  const auto& name = p.root.name;
  const bool plain =
      !name.empty() && name.front() != '.' &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
          std::string::npos;
  if (!plain)
    issue("/name", "\"" + name + "\" cannot be a folder name; use letters, digits, '-', '_' and '.'");
  if (!p.root.data.is_null()) read_data(p, out);
  if (!p.root.model.is_null()) read_model(p, out);
  p.cache = section<CacheSection>(p.root.cache, "/cache", &out["cache"]);
  read_train(p, out);
  check_views(p);
  if (!p.root.evaluate.is_null()) read_evaluate(p, out);
  p.output = section<OutputSection>(p.root.output, "/output", &out["output"]);
  p.trackers = components(p.output.trackers, "tracker", "/output/trackers", &out["output"]["trackers"]);
  p.resolved = out;
  return p;
}

}  // namespace

std::vector<std::string> plugin_folders(const Document& document) {
  std::vector<std::string> folders;
  const auto it = document.value.find("plugins");
  if (it == document.value.end()) return folders;
  const bool strings =
      it->is_array() && std::all_of(it->begin(), it->end(), [](const json& v) { return v.is_string(); });
  if (!strings)
    throw PipelineError({{document.file_of("/plugins"), "/plugins", "expected a list of folders"}});
  for (size_t i = 0; i < it->size(); ++i) {
    folders.push_back(document.resolve_path("/plugins/" + std::to_string(i), (*it)[i].get<std::string>()));
  }
  return folders;
}

Pipeline validate_pipeline(const Document& document, const Catalog& catalog) {
  std::vector<Issue> issues;
  auto pipeline = validate_pipeline(document, catalog, issues);
  if (!issues.empty()) throw PipelineError(issues);
  return pipeline;
}

Pipeline validate_pipeline(const Document& document, const Catalog& catalog, std::vector<Issue>& issues,
                           DatasetUse dataset) {
  Validator validator(document, catalog);
  auto pipeline = validator.run();
  for (const auto* found : {&document.issues, &validator.issues()}) {
    for (const auto& one : *found) {
      const bool is_of_dataset =
          is_at_or_below(one.pointer, "/data/dataset") || is_at_or_below(one.pointer, "/data/split");
      if (!is_of_dataset || dataset == DatasetUse::read) issues.push_back(one);
    }
  }
  return pipeline;
}

}  // namespace kindred::host
