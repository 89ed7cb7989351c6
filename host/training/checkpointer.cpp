#include "host/training/checkpointer.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/clock.hpp"
#include "host/distributed/shared_files.hpp"
#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr double kWriteSeconds = 60;  // between two checkpoints on disk
constexpr double kKeepEvery = 100;    // times as long as copying the state took
constexpr size_t kKeptBytes = size_t{1} << 30;

bool no_tensor(const std::string&) { return false; }

void load_part(const std::string& stem, const std::vector<NamedTensor>& target, const char* ending) {
  load_named_tensors("checkpoint " + stem, target, read_checkpoint(stem + ending), no_tensor, no_tensor);
}

}  // namespace

struct Checkpointer::Checkpoint {
  TrainingPosition position;
  std::vector<NamedTensor> tensors, best, average;
  std::string optimizer;  ///< the bytes of its file; "": as it is when the file is written
  int64_t all_steps, average_updates, since_best, best_epoch;
  double best_value;
  bool has_varied;
};

Checkpointer::Checkpointer(std::string folder, ResumableState state, Context& context,
                           Communicator& communicator)
    : folder_(std::move(folder)), state_(std::move(state)), context_(context), communicator_(communicator) {}

std::optional<TrainingPosition> Checkpointer::resume() {
  const auto folder = fs::path(folder_) / "checkpoints";
  take_files_from_first(folder.string(), communicator_);
  if (!fs::exists(folder / "trainer.json")) return {};
  const auto meta = json::parse(read_file((folder / "trainer.json").string()));
  auto& best = state_.best;
  if (meta.at("monitor") != best.monitor()) {
    throw Error(folder_ + " chose its best epoch by " + meta.at("monitor").get<std::string>() + ", now " +
                best.monitor() + " is monitored; continue it with the same pipeline");
  }
  const auto stem = (folder / meta.at("stem").get<std::string>()).string();
  load_part(stem, state_.tensors(), ".safetensors");
  std::vector<NamedTensor> weights;
  if (fs::exists(stem + ".best.safetensors")) {
    weights = best.present_weights();
    load_part(stem, weights, ".best.safetensors");
  }
  const auto& value = meta.at("best_value");  // null where no epoch was best
  best.resume(meta.at("best_epoch").get<int64_t>(), value.is_number() ? value.get<double>() : best.value(),
              meta.at("since_best").get<int64_t>(), meta.value("has_varied", true), std::move(weights));
  if (state_.average != nullptr) {
    load_part(stem, state_.average->average(), ".average.safetensors");
    state_.average->set_updates(meta.at("average_updates").get<int64_t>());
  }
  state_.optimizer.load(stem + ".optimizer.pt");
  state_.all_steps = meta.at("all_steps").get<int64_t>();
  saved_ = {meta.at("epoch").get<int64_t>(), meta.at("step").get<int64_t>(),
            meta.at("loss_sum").get<double>()};
  return saved_;
}

void Checkpointer::start(const TrainingPosition& position) {
  written_at_ = now_seconds();
  consistent_at_ = position;
}

/// The state as it is; tensors and optimizer are those in use.
Checkpointer::Checkpoint Checkpointer::present(const TrainingPosition& position) const {
  const auto& best = state_.best;
  Checkpoint out{
      position,     state_.tensors(), best.weights(),   {}, {}, state_.all_steps, 0, best.epochs_since(),
      best.epoch(), best.value(),     best.has_varied()};
  if (state_.average != nullptr) {
    out.average = state_.average->average();
    out.average_updates = state_.average->updates();
  }
  return out;
}

void Checkpointer::keep() {
  if (communicator_.rank() != 0) return;
  const double start = now_seconds();
  if (!consistent_at_ || start - kept_at_ < kKeepEvery * keep_seconds_) return;
  auto copy = present(*consistent_at_);
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
    copy.optimizer = state_.optimizer.saved();
    kept_ = std::make_shared<const Checkpoint>(std::move(copy));
  } catch (const std::exception&) {
    return;  // no memory for what is there for safety only
  }
  kept_at_ = now_seconds();
  keep_seconds_ = kept_at_ - start;
}

bool Checkpointer::is_due() const { return now_seconds() - written_at_ > kWriteSeconds; }

void Checkpointer::write(const TrainingPosition& position) {
  if (communicator_.rank() == 0) write_files(present(position));
  communicator_.barrier();
}

void Checkpointer::write_files(const Checkpoint& checkpoint) {
  written_at_ = now_seconds();
  const auto folder = fs::path(folder_) / "checkpoints";
  fs::create_directories(folder);
  // One name per place in training: trainer.json, replaced last, says which files belong together.
  const auto& position = checkpoint.position;
  const auto stem = fmt::format("epoch_{:05}_step_{:05}", position.epoch, position.step);
  const auto file = [&](const char* ending) { return (folder / (stem + ending)).string(); };
  write_safetensors(file(".safetensors"), checkpoint.tensors);
  if (!checkpoint.best.empty()) write_safetensors(file(".best.safetensors"), checkpoint.best);
  if (state_.average != nullptr) write_safetensors(file(".average.safetensors"), checkpoint.average);
  // LibTorch's own writing of files ends the process where a disk is full.
  write_file_atomically(file(".optimizer.pt"),
                        checkpoint.optimizer.empty() ? state_.optimizer.saved() : checkpoint.optimizer);
  const json meta = {{"stem", stem},
                     {"epoch", position.epoch},
                     {"step", position.step},
                     {"all_steps", checkpoint.all_steps},
                     {"loss_sum", position.loss_sum},
                     {"average_updates", checkpoint.average_updates},
                     {"since_best", checkpoint.since_best},
                     {"best_epoch", checkpoint.best_epoch},
                     {"best_value", checkpoint.best_value},
                     {"has_varied", checkpoint.has_varied},
                     {"monitor", state_.best.monitor()}};
  write_file_atomically((folder / "trainer.json").string(), json_text(meta, 2) + "\n");
  saved_ = position;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.rfind("epoch_", 0) == 0 && name.rfind(stem + ".", 0) != 0) fs::remove(entry.path());
  }
}

void Checkpointer::save_after_failure() noexcept {
  const auto is_new = [&](const TrainingPosition& position) {
    return std::pair(position.epoch, position.step) > std::pair(saved_.epoch, saved_.step);
  };
  try {
    if (state_.average != nullptr) state_.average->take_out();
    if (communicator_.rank() != 0) return;  // without a meeting: the other processes may be anywhere
    if (consistent_at_ && is_new(*consistent_at_)) {
      write_files(present(*consistent_at_));
    } else if (!consistent_at_ && kept_ && is_new(kept_->position)) {
      write_files(*kept_);
    }
    if (saved_.epoch + saved_.step > 0) {
      context_.info(fmt::format("{} epochs and {} steps are kept: --resume {} goes on from there",
                                saved_.epoch, saved_.step, folder_));
    }
  } catch (const std::exception& error) {
    context_.warning(fmt::format("what was trained cannot be kept: {}", error.what()));
  }
}

void remove_checkpoints(const std::string& folder) noexcept {
  try {
    const auto checkpoints = fs::path(folder) / "checkpoints";
    // Without this file the others mean nothing, should the process end in between.
    fs::remove(checkpoints / "trainer.json");
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(checkpoints)) {
      if (entry.path().filename().string().rfind("epoch_", 0) == 0) files.push_back(entry.path());
    }
    for (const auto& file : files) fs::remove(file);
    if (fs::is_empty(checkpoints)) fs::remove(checkpoints);
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace kindred::host
