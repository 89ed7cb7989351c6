#include <set>

#include "host/options/monitor.hpp"
#include "host/pipeline/read_sections.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

MatryoshkaOptions matryoshka(SectionReader& reader, const json& value, const std::string& pointer,
                             json& out) {
  const auto read = reader.section<MatryoshkaSection>(value, pointer, &out);
  if (value.is_object() && value.contains("dimensions") && read.dimensions.empty())
    reader.issue(pointer + "/dimensions", "the list is empty; name at least one, such as [64, 256]");
  if (!read.weights.empty() && read.weights.size() != read.dimensions.size()) {
    reader.issue(pointer + "/weights", "there are " + std::to_string(read.weights.size()) + " weights for " +
                                           std::to_string(read.dimensions.size()) +
                                           " dimensions; give one for each, or leave them out");
  }
  const std::set<int64_t> distinct(read.dimensions.begin(), read.dimensions.end());
  if (distinct.size() != read.dimensions.size())
    reader.issue(pointer + "/dimensions", "a dimension stands there twice; give it a larger weight");
  return read;
}

LossSpec loss(SectionReader& reader, json value, const std::string& pointer, json& out) {
  LossSpec spec;
  json host_keys;
  const auto options = reader.host_keys_of<LossSection>(value, pointer, host_keys);
  static_cast<ComponentSpec&>(spec) =
      reader.component(value, "loss", pointer, &out, Schema<LossSection>::get().to_json()["properties"]);
  spec.weight = options.weight;
  if (!options.miner.is_null()) {
    spec.miner = reader.component(options.miner, "miner", pointer + "/miner", &host_keys["miner"]);
  }
  if (!options.memory.is_null()) {
    spec.memory = reader.section<MemorySection>(options.memory, pointer + "/memory", &host_keys["memory"]);
  }
  if (!options.matryoshka.is_null()) {
    spec.matryoshka =
        matryoshka(reader, options.matryoshka, pointer + "/matryoshka", host_keys["matryoshka"]);
  }
  for (const char* absent : {"miner", "memory", "matryoshka"}) {
    if (host_keys[absent].is_null()) host_keys.erase(absent);
  }
  if (out.is_object()) out.update(host_keys);
  return spec;
}

std::vector<LossSpec> losses(SectionReader& reader, const json& value, json& out) {
  if (!value.is_array()) return {loss(reader, value, "/train/loss", out)};
  if (value.empty()) reader.issue("/train/loss", "the list of losses is empty; name at least one");
  std::vector<LossSpec> specs;
  out = json::array();
  for (size_t i = 0; i < value.size(); ++i) {
    json one;
    specs.push_back(loss(reader, value[i], "/train/loss/" + std::to_string(i), one));
    out.push_back(one);
  }
  return specs;
}

std::vector<FreezeOptions> freezes(SectionReader& reader, const json& value, json& out) {
  std::vector<FreezeOptions> entries;
  if (value.is_null()) return entries;
  const std::string pointer = "/train/freeze";
  if (!value.is_array()) {
    reader.issue(pointer, "expected a list, such as [{\"tensors\": \"encoder.*\", \"until_epoch\": 3}]");
    return entries;
  }
  out = json::array();
  for (size_t i = 0; i < value.size(); ++i) {
    json one;
    const auto place = pointer + "/" + std::to_string(i);
    entries.push_back(reader.section<FreezeSection>(value[i], place, &one));
    out.push_back(one);
    const auto& entry = entries.back();
    if (entry.until_epoch > 0 && entry.until_epoch < entry.from_epoch) {
      reader.issue(place + "/until_epoch", "comes before from_epoch, " + std::to_string(entry.from_epoch));
    }
  }
  return entries;
}

/// Checks what the keys of the section say together.
void check_together(SectionReader& reader, const TrainingOptions& t, ValidationSource validation) {
  if (t.swa_start > t.epochs) {
    reader.issue("/train/swa_start",
                 "there are only " + std::to_string(t.epochs) + " epochs, so that nothing would be averaged");
  }
  for (size_t i = 0; i < t.freeze.size(); ++i) {
    if (t.freeze[i].from_epoch <= t.epochs) continue;
    reader.issue("/train/freeze/" + std::to_string(i) + (t.freeze[i].from_epoch > 1 ? "/from_epoch" : ""),
                 "there are only " + std::to_string(t.epochs) + " epochs");
  }
  if (t.ema > 0 && t.swa_start > 0) {
    reader.issue("/train/swa_start", "the weights are averaged by ema already; remove one of the two");
  }
  if (t.optimizer.momentum > 0 && t.optimizer.type != OptimizerType::sgd) {
    const std::string type = t.optimizer.type == OptimizerType::adam ? "adam" : "adamw";
    reader.issue("/train/optimizer/momentum", "only sgd takes a momentum; \"" + type + "\" has betas");
  }
  if (t.optimizer.nesterov && t.optimizer.momentum <= 0) {
    reader.issue("/train/optimizer/nesterov", "nesterov needs a momentum above 0");
  }
  const auto& monitor = t.early_stopping.monitor;
  if (is_of_validation(monitor) && validation == ValidationSource::none) {
    reader.issue("/train/early_stopping/monitor",
                 "\"" + monitor + "\" needs validation classes, but data.split.validation holds none");
  } else if (!monitor.empty() && !is_of_validation(monitor) && monitor != kTrainLoss) {
    reader.issue("/train/early_stopping/monitor",
                 "\"" + monitor +
                     "\" is not \"train.loss\", \"validation.loss\" or \"validation.\" and a metric's name");
  }
}

}  // namespace

void read_train(SectionReader& reader, const json& value, Pipeline& p, json& out) {
  if (value.is_null()) return;
  p.has_train = p.split.has_train = true;
  const auto section = reader.section<TrainSection>(value, "/train", &out["train"]);
  auto& train = out["train"];
  auto& t = p.training;
  static_cast<TrainingKeys&>(t) = section;
  if (!section.loss.is_null()) t.losses = losses(reader, section.loss, train["loss"]);
  if (!section.batch_sampler.is_null()) {
    t.batch_sampler = reader.component(section.batch_sampler, "batch_sampler", "/train/batch_sampler",
                                       &train["batch_sampler"]);
  }
  const auto optimizer =
      reader.section<OptimizerSection>(section.optimizer, "/train/optimizer", &train["optimizer"]);
  t.optimizer = optimizer;
  t.lr_factors = reader.factors(optimizer.lr_factors, "/train/optimizer/lr_factors",
                                "a factor per pattern, such as {\"head.*.bias\": 2}");
  t.freeze = freezes(reader, section.freeze, train["freeze"]);
  t.schedule = reader.section<ScheduleSection>(section.schedule, "/train/schedule", &train["schedule"]);
  t.early_stopping = reader.section<EarlyStoppingSection>(section.early_stopping, "/train/early_stopping",
                                                          &train["early_stopping"]);
  check_together(reader, t, p.split.validation);
}

}  // namespace kindred::host
