#include "host/pipeline/read_sections.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

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
    spec.has_memory = true;
    spec.memory = reader.section<MemorySection>(options.memory, pointer + "/memory", &host_keys["memory"]);
  }
  for (const char* absent : {"miner", "memory"}) {
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

std::vector<FreezeSection> freezes(SectionReader& reader, const json& value, json& out) {
  std::vector<FreezeSection> entries;
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

}  // namespace

void read_train(SectionReader& reader, Pipeline& p, json& out) {
  if (p.root.train.is_null()) return;
  p.has_train = true;
  p.train = reader.section<TrainSection>(p.root.train, "/train", &out["train"]);
  auto& train = out["train"];
  if (!p.train.loss.is_null()) p.losses = losses(reader, p.train.loss, train["loss"]);
  if (!p.train.batch_sampler.is_null()) {
    p.batch_sampler = reader.component(p.train.batch_sampler, "batch_sampler", "/train/batch_sampler",
                                       &train["batch_sampler"]);
  }
  p.optimizer = reader.section<OptimizerSection>(p.train.optimizer, "/train/optimizer", &train["optimizer"]);
  p.lr_factors = reader.factors(p.optimizer.lr_factors, "/train/optimizer/lr_factors",
                                "a factor per pattern, such as {\"head.*.bias\": 2}");
  p.freeze = freezes(reader, p.train.freeze, train["freeze"]);
  p.schedule = reader.section<ScheduleSection>(p.train.schedule, "/train/schedule", &train["schedule"]);
  p.early_stopping = reader.section<EarlyStoppingSection>(p.train.early_stopping, "/train/early_stopping",
                                                          &train["early_stopping"]);
  if (p.train.swa_start > p.train.epochs) {
    reader.issue("/train/swa_start", "there are only " + std::to_string(p.train.epochs) +
                                         " epochs, so that nothing would be averaged");
  }
  for (size_t i = 0; i < p.freeze.size(); ++i) {
    if (p.freeze[i].from_epoch <= p.train.epochs) continue;
    reader.issue("/train/freeze/" + std::to_string(i) + (p.freeze[i].from_epoch > 1 ? "/from_epoch" : ""),
                 "there are only " + std::to_string(p.train.epochs) + " epochs");
  }
  if (p.train.ema > 0 && p.train.swa_start > 0) {
    reader.issue("/train/swa_start", "the weights are averaged by ema already; remove one of the two");
  }
  if (p.optimizer.momentum > 0 && p.optimizer.type != "sgd") {
    reader.issue("/train/optimizer/momentum",
                 "only sgd takes a momentum; \"" + p.optimizer.type + "\" has betas");
  }
  if (p.optimizer.nesterov && p.optimizer.momentum <= 0) {
    reader.issue("/train/optimizer/nesterov", "nesterov needs a momentum above 0");
  }
  const auto& monitor = p.early_stopping.monitor;
  if (monitor.rfind("validation.", 0) == 0 && p.validation == ValidationSource::none) {
    reader.issue("/train/early_stopping/monitor",
                 "\"" + monitor + "\" needs validation classes, but data.split.validation holds none");
  } else if (!monitor.empty() && monitor.rfind("validation.", 0) != 0 && monitor != "train.loss") {
    reader.issue("/train/early_stopping/monitor",
                 "\"" + monitor +
                     "\" is not \"train.loss\", \"validation.loss\" or \"validation.\" and a metric's name");
  }
}

}  // namespace kindred::host
