#include "host/engine/trainer.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "host/engine/named_tensors.hpp"
#include "host/support/clock.hpp"
#include "host/support/log.hpp"
#include "kindred/checkpoint.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;

std::vector<NamedTensor> Trainer::state() const {
  std::vector<NamedTensor> all;
  append_named(all, "encoder.", trained_encoder_tensors(model_));
  append_named(all, "head.", head_tensors(model_));
  append_named(all, "loss.", parts_.loss->tensors());
  return all;
}

/// What a resumed run needs beside what the best epoch keeps.
std::vector<NamedTensor> Trainer::checkpointed() const {
  auto all = state();
  for (const auto& one : parts_.loss->memories()) all.push_back(one);
  if (class_means_.defined()) all.push_back({"sampler.class_means", class_means_});
  return all;
}

void Trainer::append_history(int64_t epoch, const EpochResult& result, double seconds, bool best) {
  // JSON has no NaN: the library writes it as null.
  json line = {{"epoch", epoch + 1},
               {"train", {{"loss", result.train_loss}, {"seconds", result.step_seconds}}},
               {"validation", json::object()},
               {"seconds", seconds},
               {"best", best}};
  for (const auto& [name, value] : result.validation) line["validation"][name] = value;
  std::ofstream file(fs::path(folder_) / "history.jsonl", std::ios::app);
  file << line.dump() << '\n';
  if (!file.flush())
    throw Error("cannot write " + (fs::path(folder_) / "history.jsonl").string() + "; is the disk full?");
}

void Trainer::track(int64_t epoch, const EpochResult& result) const {
  if (parts_.trackers == nullptr) return;
  std::vector<TrackedValue> values = {
      {"train/loss", result.train_loss},
      {"learning_rate",
       pipeline_.optimizer.lr * schedule_factor(pipeline_.schedule, epoch, pipeline_.train.epochs)}};
  for (const auto& [name, value] : result.validation) values.push_back({"validation/" + name, value});
  parts_.trackers->epoch(epoch + 1, all_steps_, values);
}

/// Lines of epochs that a resumed run will repeat are dropped.
void Trainer::keep_history_until(int64_t epoch) {
  const auto path = (fs::path(folder_) / "history.jsonl").string();
  if (!fs::exists(path)) return;
  std::ifstream file(path);
  std::string kept;
  for (std::string line; std::getline(file, line);) {
    const auto value = json::parse(line, nullptr, false);
    if (value.is_object() && value.value("epoch", int64_t{0}) <= epoch) kept += line + "\n";
  }
  write_file_atomically(path, kept);
}

void Trainer::save_checkpoint(int64_t epoch, int64_t step, double loss_sum) {
  last_checkpoint_ = now_seconds();
  const auto folder = fs::path(folder_) / "checkpoints";
  fs::create_directories(folder);
  // One name per place in training: trainer.json, replaced last, says which files belong together.
  const auto stem = fmt::format("epoch_{:05}_step_{:05}", epoch, step);
  write_safetensors((folder / (stem + ".safetensors")).string(), checkpointed());
  if (!best_.empty()) write_safetensors((folder / (stem + ".best.safetensors")).string(), best_);
  if (average_) write_safetensors((folder / (stem + ".average.safetensors")).string(), average_->average());
  optimizer_->save((folder / (stem + ".optimizer.pt")).string());
  const json meta = {{"stem", stem},
                     {"epoch", epoch},
                     {"step", step},
                     {"all_steps", all_steps_},
                     {"loss_sum", loss_sum},
                     {"average_updates", average_ ? average_->updates() : 0},
                     {"since_best", since_best_},
                     {"best_epoch", report_.best_epoch},
                     {"best_value", report_.best_value},
                     {"monitor", report_.monitor}};
  write_file_atomically((folder / "trainer.json").string(), meta.dump(2) + "\n");
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.rfind("epoch_", 0) == 0 && name.rfind(stem + ".", 0) != 0) fs::remove(entry.path());
  }
}

void Trainer::resume() {
  const auto folder = fs::path(folder_) / "checkpoints";
  if (!fs::exists(folder / "trainer.json")) return;
  const auto meta = json::parse(read_file((folder / "trainer.json").string()));
  if (meta.at("monitor") != report_.monitor) {
    throw Error(folder_ + " chose its best epoch by " + meta.at("monitor").get<std::string>() + ", now " +
                report_.monitor + " is monitored; continue it with the same pipeline");
  }
  const auto stem = (folder / meta.at("stem").get<std::string>()).string();
  const auto never = [](const std::string&) { return false; };
  load_named_tensors("checkpoint " + stem, checkpointed(), read_checkpoint(stem + ".safetensors"), never,
                     never);
  if (fs::exists(stem + ".best.safetensors")) {
    best_ = snapshot(state());
    load_named_tensors("checkpoint " + stem, best_, read_checkpoint(stem + ".best.safetensors"), never,
                       never);
  }
  if (average_) {
    load_named_tensors("checkpoint " + stem, average_->average(),
                       read_checkpoint(stem + ".average.safetensors"), never, never);
    average_->set_updates(meta.at("average_updates").get<int64_t>());
  }
  if (class_means_.defined()) {
    parts_.sampler->see_class_means(std::get<0>(at::_unique(data_.labels(), true)), class_means_);
  }
  optimizer_->load(stem + ".optimizer.pt");
  first_epoch_ = meta.at("epoch").get<int64_t>();
  first_step_ = meta.at("step").get<int64_t>();
  all_steps_ = meta.at("all_steps").get<int64_t>();
  first_loss_sum_ = meta.at("loss_sum").get<double>();
  since_best_ = meta.at("since_best").get<int64_t>();
  report_.epochs = first_epoch_;
  report_.best_epoch = meta.at("best_epoch").get<int64_t>();
  if (meta.at("best_value").is_number()) report_.best_value = meta.at("best_value").get<double>();
  keep_history_until(first_epoch_);
  log_info(fmt::format("resuming at epoch {}, step {}", first_epoch_ + 1, first_step_ + 1));
}

}  // namespace kindred::host
