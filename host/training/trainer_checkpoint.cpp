#include "host/training/trainer.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "host/base/clock.hpp"
#include "host/model/named_tensors.hpp"
#include "kindred/checkpoint.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr double kKeepEvery = 100;  // times as long as copying the state took
constexpr size_t kKeptBytes = size_t{1} << 30;

}  // namespace

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
      {"learning_rate", options_.optimizer.lr * schedule_factor(options_.schedule, epoch, options_.epochs)}};
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

/// The state as it is; tensors and optimizer are those in use.
Trainer::Checkpoint Trainer::present(const Place& place) const {
  Checkpoint out{place,
                 checkpointed(),
                 best_,
                 {},
                 {},
                 all_steps_,
                 0,
                 since_best_,
                 report_.best_epoch,
                 report_.best_value};
  if (average_) {
    out.average = average_->average();
    out.average_updates = average_->updates();
  }
  return out;
}

/// Copies the state, so that a step that fails half done costs no more than its epoch. Left out where that
/// would take more than a hundredth of the time, or much memory: then there are the checkpoints of every
/// minute.
void Trainer::keep(const Place& place) {
  const double start = now_seconds();
  if (start - kept_at_ < kKeepEvery * keep_seconds_) return;
  auto copy = present(place);
  size_t bytes = 0;
  for (const auto& one : copy.tensors) bytes += one.tensor.nbytes();
  if (bytes > kKeptBytes) return;
  kept_.reset();
  try {
    for (auto* tensors : {&copy.tensors, &copy.average}) {
      for (auto& one : *tensors) {
        one.tensor = one.tensor.detach().to(at::kCPU, one.tensor.scalar_type(), false, true);
      }
    }
    copy.optimizer = optimizer_->saved();
  } catch (const std::exception&) {
    return;  // no memory for what is there for safety only
  }
  kept_ = std::move(copy);
  kept_at_ = now_seconds();
  keep_seconds_ = kept_at_ - start;
}

void Trainer::write(const Checkpoint& checkpoint) {
  last_checkpoint_ = now_seconds();
  const auto folder = fs::path(folder_) / "checkpoints";
  fs::create_directories(folder);
  // One name per place in training: trainer.json, replaced last, says which files belong together.
  const auto& place = checkpoint.place;
  const auto stem = fmt::format("epoch_{:05}_step_{:05}", place.epoch, place.step);
  const auto file = [&](const char* ending) { return (folder / (stem + ending)).string(); };
  write_safetensors(file(".safetensors"), checkpoint.tensors);
  if (!checkpoint.best.empty()) write_safetensors(file(".best.safetensors"), checkpoint.best);
  if (average_) write_safetensors(file(".average.safetensors"), checkpoint.average);
  if (checkpoint.optimizer.empty()) {
    optimizer_->save(file(".optimizer.pt"));
  } else {
    write_file_atomically(file(".optimizer.pt"), checkpoint.optimizer);
  }
  const json meta = {{"stem", stem},
                     {"epoch", place.epoch},
                     {"step", place.step},
                     {"all_steps", checkpoint.all_steps},
                     {"loss_sum", place.loss_sum},
                     {"average_updates", checkpoint.average_updates},
                     {"since_best", checkpoint.since_best},
                     {"best_epoch", checkpoint.best_epoch},
                     {"best_value", checkpoint.best_value},
                     {"monitor", report_.monitor}};
  write_file_atomically((folder / "trainer.json").string(), meta.dump(2) + "\n");
  saved_ = place;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.rfind("epoch_", 0) == 0 && name.rfind(stem + ".", 0) != 0) fs::remove(entry.path());
  }
}

/// The state itself unless a step was half done, else the copy of the last epoch that was kept. What made the
/// training fail is what the user is to see, so failing here is a warning.
void Trainer::save_after_failure() noexcept {
  const auto is_new = [&](const Place& place) {
    return std::pair(place.epoch, place.step) > std::pair(saved_.epoch, saved_.step);
  };
  try {
    if (swapped_) swap_average();
    if (whole_ && is_new(*whole_)) {
      write(present(*whole_));
    } else if (!whole_ && kept_ && is_new(kept_->place)) {
      write(*kept_);
    }
    if (saved_.epoch + saved_.step > 0) {
      context_.info(fmt::format("{} epochs and {} steps are kept: --resume {} goes on from there",
                                saved_.epoch, saved_.step, folder_));
    }
  } catch (const std::exception& error) {
    context_.warning(fmt::format("what was trained cannot be kept: {}", error.what()));
  }
}

void Trainer::resume() {
  const auto folder = fs::path(folder_) / "checkpoints";
  if (!fs::exists(folder / "trainer.json")) return keep_history_until(0);
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
  first_ = {meta.at("epoch").get<int64_t>(), meta.at("step").get<int64_t>(),
            meta.at("loss_sum").get<double>()};
  saved_ = first_;
  all_steps_ = meta.at("all_steps").get<int64_t>();
  since_best_ = meta.at("since_best").get<int64_t>();
  report_.epochs = first_.epoch;
  report_.best_epoch = meta.at("best_epoch").get<int64_t>();
  if (meta.at("best_value").is_number()) report_.best_value = meta.at("best_value").get<double>();
  keep_history_until(first_.epoch);
  context_.info(fmt::format("resuming at epoch {}, step {}", first_.epoch + 1, first_.step + 1));
}

}  // namespace kindred::host
