#include "host/engine/trainer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "host/engine/evaluation.hpp"
#include "host/engine/tensor_patterns.hpp"
#include "host/loader/guarded_call.hpp"
#include "host/support/clock.hpp"
#include "host/support/interrupt.hpp"
#include "host/support/log.hpp"
#include "host/support/memory.hpp"
#include "host/support/progress.hpp"
#include "kindred/checkpoint.hpp"
#include "kindred/distance.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"
#include "kindred/random.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr double kCheckpointSeconds = 60;  // between two checkpoints of a running epoch loop
constexpr double kCollapsedNorm = 0.999;   // of the mean of normalised embeddings: all point one way
constexpr uint64_t kStepStream = 3, kValidationOrderStream = 4, kValidationDrawStream = 8, kPartStream = 9;

/// JSON has no NaN.
json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

/// What training moves without a gradient: running statistics of the trained stages and of the heads.
std::vector<NamedTensor> statistics_of(const Model& model) {
  auto all = model.heads.buffers();
  for (const auto& part : model.encoders) {
    for (const auto& one : part.encoder->buffers()) {
      if (part.encoder->stage_of(one.name) >= part.first_trained) all.push_back(one);
    }
  }
  return all;
}

bool is_loss(const std::string& monitor) {
  return monitor.size() >= 5 && monitor.compare(monitor.size() - 5, 5, ".loss") == 0;
}

}  // namespace

Trainer::Trainer(const Pipeline& pipeline, Parts parts, Model& model, TrainingData& data, at::Device device,
                 std::string folder, bool quiet)
    : pipeline_(pipeline),
      parts_(std::move(parts)),
      model_(model),
      data_(data),
      device_(device),
      folder_(std::move(folder)),
      quiet_(quiet),
      encoder_learns_(model.learns()) {
  report_.monitor = pipeline.early_stopping.monitor;
  if (report_.monitor.empty()) {
    report_.monitor =
        data.validation_labels().numel() > 0 ? "validation." + parts_.metrics.front()->name() : "train.loss";
  }
  const auto& mode = pipeline.early_stopping.mode;
  minimise_ = mode == "min" || (mode == "auto" && is_loss(report_.monitor));
  report_.best_value =
      minimise_ ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();

  auto groups = parameter_groups();
  optimizer_ = std::make_unique<Optimizer>(pipeline.optimizer, pipeline.schedule, pipeline.train.epochs,
                                           pipeline.train.gradient_clip, groups);
  if (parts_.sampler->refresh_epochs() > 0) {
    const auto classes = std::get<0>(at::_unique(data.labels())).numel();
    class_means_ = at::zeros({classes, model.present_dimension()}, at::kFloat);
  }
  take_pairs();
  if (pipeline.train.ema > 0 || pipeline.train.swa_start > 0) average_weights(groups);
}

ParameterGroups Trainer::parameter_groups() {
  ParameterGroups groups;
  groups.encoder = trained_encoder_parameters(model_);
  groups.head = model_.heads.parameters();
  groups.loss = parts_.loss->parameters();
  const auto factors_of = [&](const std::string& role, const std::vector<NamedTensor>& tensors) {
    std::vector<double> factors;
    for (const auto& one : tensors) {
      trained_.push_back({role + one.name, one.tensor});
      factors.push_back(lr_factor(pipeline_, trained_.back().name));
    }
    return factors;
  };
  groups.encoder_factors = factors_of("encoder.", groups.encoder);
  groups.head_factors = factors_of("head.", groups.head);
  groups.loss_factors = factors_of("loss.", groups.loss);
  size_t next = 0;
  for (size_t i = 0; i < model_.encoders.size(); ++i) {
    const auto& encoder = model_.encoders[i];
    const auto& of_stages = pipeline_.encoders[i].lr_multipliers;
    const auto stages = encoder.encoder->stages();
    for (const auto& one : encoder.trained_parameters()) {
      const auto factor = of_stages.find(stages[static_cast<size_t>(encoder.encoder->stage_of(one.name))]);
      if (factor != of_stages.end()) groups.encoder_factors[next] *= factor->second;
      ++next;
    }
  }
  std::vector<std::string> names;
  for (const auto& one : trained_) names.push_back(one.name);
  check_patterns(pipeline_, names);
  return groups;
}

/// Running statistics that move are averaged too: they belong to the weights.
void Trainer::average_weights(const ParameterGroups& groups) {
  const bool frozen = std::all_of(pipeline_.encoders.begin(), pipeline_.encoders.end(),
                                  [](const EncoderSpec& one) { return one.batch_norms_frozen; });
  auto weights = frozen ? groups.encoder : trained_encoder_tensors(model_);
  for (const auto* more : {&groups.head, &groups.loss})
    weights.insert(weights.end(), more->begin(), more->end());
  for (size_t i = 0; i < weights.size(); ++i) weights[i].name = std::to_string(i) + "." + weights[i].name;
  average_ = std::make_unique<WeightAverage>(weights, pipeline_.train.ema);
}

std::vector<NamedTensor> Trainer::state() const {
  std::vector<NamedTensor> all;
  const auto add = [&](const std::string& prefix, const std::vector<NamedTensor>& tensors) {
    for (const auto& one : tensors) all.push_back({prefix + one.name, one.tensor});
  };
  add("encoder.", trained_encoder_tensors(model_));
  add("head.", head_tensors(model_));
  add("loss.", parts_.loss->tensors());
  return all;
}

/// What a resumed run needs beside what the best epoch keeps.
std::vector<NamedTensor> Trainer::checkpointed() const {
  auto all = state();
  for (const auto& one : parts_.loss->memories()) all.push_back(one);
  if (class_means_.defined()) all.push_back({"sampler.class_means", class_means_});
  return all;
}

TrainReport Trainer::train() {
  const double start = now_seconds();
  last_checkpoint_ = start;
  if (encoder_learns_) keep_freed_memory(kKeepSmaller);
  Progress progress("training", "epochs", pipeline_.train.epochs, quiet_);
  for (int64_t epoch = first_epoch_; epoch < pipeline_.train.epochs; ++epoch) {
    if (out_of_patience()) {  // also right after a resume
      report_.stopped_early = true;
      break;
    }
    const double epoch_start = now_seconds();
    EpochResult result;
    if (!run_steps(epoch, result)) {
      report_.step_seconds += now_seconds() - epoch_start;
      report_.interrupted = true;
      break;
    }
    result.step_seconds = now_seconds() - epoch_start;
    report_.step_seconds += result.step_seconds;
    if (pipeline_.train.swa_start > 0 && epoch + 1 >= pipeline_.train.swa_start) average_->add_to_mean();
    swap_average();
    try {
      validate(result);
    } catch (const Interrupted&) {
      // The steps are kept; the resumed run repeats the validation.
      swap_average();
      report_.interrupted = true;
      save_checkpoint(epoch, result.steps, result.loss_sum);
      break;
    }
    const double seconds = now_seconds() - epoch_start;
    report_.epoch_seconds.push_back(seconds);
    report_.epochs = epoch + 1;
    const bool best = note_result(epoch, result);
    swap_average();
    append_history(epoch, result, seconds, best);
    track(epoch, result);
    std::string note = fmt::format("loss {:.4f}", result.train_loss);
    for (const auto& [name, value] : result.validation)
      note += fmt::format(", validation {} {:.4f}", name, value);
    progress.update(epoch + 1, note);
    if (now_seconds() - last_checkpoint_ > kCheckpointSeconds) save_checkpoint(epoch + 1, 0, 0);
    if (interrupted()) {
      report_.interrupted = true;
      save_checkpoint(epoch + 1, 0, 0);
      break;
    }
  }
  if (!report_.interrupted && out_of_patience()) report_.stopped_early = true;
  progress.finish();
  if (encoder_learns_) keep_freed_memory(kKeepAll);  // what follows measures and encodes
  report_.train_seconds = now_seconds() - start;
  if (!report_.interrupted) save_checkpoint(report_.epochs, 0, 0);
  if (!best_.empty()) {
    restore(state(), best_);
  } else {
    swap_average();
  }
  if (best_.empty() && report_.epochs > 0) {
    report_.warnings.push_back("no epoch had a defined " + report_.monitor +
                               "; the last epoch's weights are kept");
    log_warning(report_.warnings.back());
  }
  data_.train_encoder(false);
  model_.heads.train(false);
  return report_;
}

/// Exchanges the weights and their average, where there is one already.
void Trainer::swap_average() {
  if (average_ && average_->updates() > 0) average_->swap();
}

bool Trainer::out_of_patience() const {
  const auto patience = pipeline_.early_stopping.patience;
  return patience > 0 && since_best_ >= patience;
}

bool Trainer::run_steps(int64_t epoch, EpochResult& result) {
  const auto seed = static_cast<uint64_t>(pipeline_.root.seed);
  const auto refresh = parts_.sampler->refresh_epochs();
  // Not in the middle of an epoch that is resumed: its batches are those of the means at its beginning.
  if (refresh > 0 && epoch % refresh == 0 && !(epoch == first_epoch_ && first_step_ > 0)) show_class_means();
  const auto batches = parts_.sampler->batches(pairs_ ? pairs_->labels() : data_.labels(), seed, epoch);
  const auto steps = static_cast<int64_t>(batches.size());
  largest_batch_ = 0;
  for (const auto& batch : batches) largest_batch_ = std::max(largest_batch_, batch.numel());
  const int64_t first = epoch == first_epoch_ ? std::min(first_step_, steps) : 0;
  optimizer_->start_epoch(epoch);
  for (auto& one : trained_) one.tensor.requires_grad_(!is_frozen(pipeline_, one.name, epoch));
  data_.train_encoder(true);
  model_.heads.train(true);
  parts_.loss->train(true);
  std::vector<at::Tensor> rows = batches;  // of the training side
  if (pairs_) {
    for (auto& one : rows) one = pairs_->objects(one);
  }
  data_.start_epoch(rows, first, epoch);
  Progress progress(fmt::format("epoch {}", epoch + 1), "steps", steps, quiet_ || !encoder_learns_);
  // Summed on the device: one synchronisation an epoch, not one a step, unless steps are slow anyway.
  double sum = epoch == first_epoch_ ? first_loss_sum_ : 0;
  const int64_t group = pipeline_.train.accumulate;  // batches per step of the optimizer
  bool has_gradient = false;
  for (int64_t step = first; step < steps; ++step) {
    // The global generator is set per step, so that dropout repeats after a resume too.
    at::manual_seed(Random(seed, kStepStream, epoch, step).next() >> 1);
    auto batch = data_.next();
    if (step % group == 0) optimizer_->zero_gradients();
    const bool ends_group = (step + 1) % group == 0 || step + 1 == steps;
    if (batch.labels.numel() > 0) {
      const auto batches_of_step = std::min(group, steps - step / group * group);
      const auto learned = learn(batches[static_cast<size_t>(step)], batch, {epoch, step},
                                 1 / static_cast<double>(batches_of_step));
      has_gradient = has_gradient || learned.has_gradient;
      ++report_.steps;
      ++all_steps_;
      sum += learned.loss;
      progress.update(step + 1, fmt::format("loss {:.4f}", sum / static_cast<double>(step + 1)));
      // Where there is no validation, whose embeddings are not blurred by dropout.
      if (data_.validation_labels().numel() == 0 &&
          batch.labels.numel() == (pairs_ ? 2 : 1) * largest_batch_) {
        warn_when_collapsed(learned.embeddings);
      }
    }
    if (!ends_group) continue;
    if (has_gradient) update_weights(epoch, step);
    has_gradient = false;
    if (step + 1 == steps) break;
    if (interrupted()) {
      save_checkpoint(epoch, step + 1, sum);
      return false;
    }
    if (encoder_learns_ && now_seconds() - last_checkpoint_ > kCheckpointSeconds) {
      save_checkpoint(epoch, step + 1, sum);
    }
  }
  result.steps = steps;
  result.loss_sum = sum;
  result.train_loss = sum / static_cast<double>(steps);
  return true;
}

/// Forward and backward of a batch; the gradient is multiplied by `factor`.
Trainer::Learned Trainer::learn(const at::Tensor& rows, const TrainingData::Step& batch, Place place,
                                double factor) {
  const auto size = batch.labels.numel(), part = pipeline_.train.gradient_cache;
  const bool in_parts = part > 0 && part < size;
  // The first pass only says where the embeddings are; the second one repeats what it drew.
  const auto seed_part = [&](int64_t first) {
    at::manual_seed(
        Random(static_cast<uint64_t>(pipeline_.root.seed), kPartStream, place.epoch, place.step, first)
            .next() >>
        1);
  };
  const auto part_of = [&](int64_t first) {
    return model_.apply_heads(batch.encode(at::arange(first, std::min(first + part, size), at::kLong)));
  };
  at::Tensor embeddings;
  if (in_parts) {
    at::NoGradGuard no_grad;
    const auto statistics = snapshot(statistics_of(model_));
    std::vector<at::Tensor> parts;
    for (int64_t first = 0; first < size; first += part) {
      seed_part(first);
      parts.push_back(part_of(first));
    }
    restore(statistics_of(model_), statistics);  // the second pass moves them
    embeddings = at::cat(parts);
  } else {
    embeddings = model_.apply_heads(batch.encode({}));
  }
  if (in_parts) embeddings.requires_grad_(true);
  const auto loss = step_loss(rows, batch, embeddings);
  const double value = loss.item<double>();
  if (!std::isfinite(value)) throw_not_finite(value, embeddings, place.epoch, place.step);
  if (!loss.requires_grad()) return {embeddings, value, false};
  guard(parts_.loss->plugin(), parts_.loss->name(), "backward",
        [&] { (factor == 1 ? loss : loss * factor).backward(); });
  if (!in_parts) return {embeddings, value, true};
  const auto gradient = embeddings.grad();
  for (int64_t first = 0; gradient.defined() && first < size; first += part) {
    seed_part(first);
    const auto again = part_of(first);
    if (again.requires_grad()) again.backward(gradient.slice(0, first, std::min(first + part, size)));
  }
  return {embeddings.detach(), value, true};
}

at::Tensor Trainer::step_loss(const at::Tensor& batch, const TrainingData::Step& step,
                              const at::Tensor& embeddings) {
  if (!pairs_) return parts_.loss->forward(embeddings, step.labels, step.samples, all_steps_);
  return parts_.loss->forward(
      pairs_->scored(batch, embeddings, step.samples, data_.samples_of(pairs_->objects(batch))));
}

/// Again after the training rows have changed.
void Trainer::take_pairs() {
  const auto pairs = data_.train_pairs();
  if (!pairs.defined()) return;
  if (pairs.rows.size(0) == 0) throw Error("no pair has both of its objects on the training side");
  pairs_ = std::make_unique<PairBatches>(pairs, data_.labels());
}

void Trainer::throw_not_finite(double loss, const at::Tensor& embeddings, int64_t epoch, int64_t step) const {
  const bool sound = embeddings.isfinite().all().item<bool>();
  throw Error(
      fmt::format("the loss {} is {} in epoch {}, step {}, on embeddings that {}; lower train.optimizer.lr, "
                  "or set train.gradient_clip",
                  parts_.loss->name(), loss, epoch + 1, step + 1,
                  sound ? "are finite"
                        : "are not finite either: the weights ran away, or encoder or head "
                          "divides by zero"));
}

void Trainer::update_weights(int64_t epoch, int64_t step) {
  if (!optimizer_->step()) {
    throw Error(fmt::format("the gradient is not finite in epoch {}, step {}; lower train.optimizer.lr",
                            epoch + 1, step + 1));
  }
  if (average_ && pipeline_.train.ema > 0) average_->update();
}

void Trainer::show_class_means() {
  at::NoGradGuard no_grad;
  data_.train_encoder(false);
  model_.heads.train(false);
  const auto raw = data_.train_embeddings();
  const auto x = model_.apply_heads(raw).cpu();
  const auto [classes, place] = at::_unique(data_.labels(), true, true);
  const auto sums = at::zeros({classes.numel(), x.size(1)}, at::kFloat).index_add(0, place, l2_normalized(x));
  class_means_.copy_(l2_normalized(sums));
  parts_.sampler->see_class_means(classes, class_means_);
  take_pairs();
}

void Trainer::validate(EpochResult& result) {
  const auto& labels = data_.validation_labels();
  if (labels.numel() == 0) return;
  at::NoGradGuard no_grad;
  data_.train_encoder(false);
  model_.heads.train(false);
  parts_.loss->train(false);
  const auto raw = data_.validation_embeddings();
  const auto embeddings = model_.apply_heads(raw);
  warn_when_collapsed(embeddings);
  if (parts_.loss->can_validate()) result.validation["loss"] = validation_loss(embeddings);
  // A search is cheap beside an epoch of a learning encoder, but not beside one on cached embeddings.
  const bool metric_is_monitored = report_.monitor.rfind("validation.", 0) == 0 && !is_loss(report_.monitor);
  if (metric_is_monitored || encoder_learns_) {
    EvaluationOptions options;
    options.bootstrap_samples = 0;
    options.tile_bytes = pipeline_.evaluate.tile_mebibytes << 20;
    const auto task = data_.validation_task(pipeline_.evaluate.pair_candidates == "all");
    for (const auto& value : evaluate_metrics(embeddings, task, parts_.metrics, options)) {
      result.validation[value.name] = value.mean;
    }
  }
}

/// In one fixed random order, so that a batch holds several samples of a class whatever the file order.
double Trainer::validation_loss(const at::Tensor& embeddings) {
  const auto seed = static_cast<uint64_t>(pipeline_.root.seed);
  // Miners may draw; what they draw does not depend on what was drawn before.
  at::manual_seed(Random(seed, kValidationDrawStream).next() >> 1);
  const auto pairs = data_.validation_pairs();
  const auto& labels = data_.validation_labels();
  std::unique_ptr<PairBatches> scored;
  if (pairs.defined()) scored = std::make_unique<PairBatches>(pairs, labels);
  const auto rows = scored ? scored->labels().numel() : labels.numel();
  std::vector<int64_t> order(static_cast<size_t>(rows));
  for (int64_t i = 0; i < rows; ++i) order[static_cast<size_t>(i)] = i;
  Random random(seed, kValidationOrderStream);
  random.shuffle(order.begin(), order.end());
  const auto index = at::tensor(order, at::kLong);
  const int64_t size = std::max<int64_t>(largest_batch_, 1);
  double sum = 0;
  for (int64_t begin = 0; begin < rows; begin += size) {
    const auto part = index.slice(0, begin, std::min(begin + size, rows));
    at::Tensor loss;
    if (scored) {
      const auto objects = scored->objects(part);
      const std::vector<int64_t> asked(objects.data_ptr<int64_t>(),
                                       objects.data_ptr<int64_t>() + objects.numel());
      loss = parts_.loss->forward(
          scored->scored(part, embeddings.index_select(0, objects.to(device_)), objects, asked));
    } else {
      loss = parts_.loss->validate(embeddings.index_select(0, part.to(device_)),
                                   labels.index_select(0, part).to(device_));
    }
    sum += loss.item<double>() * static_cast<double>(part.numel());
  }
  return rows == 0 ? std::nan("") : sum / static_cast<double>(rows);
}

double Trainer::monitored(const EpochResult& result) const {
  if (report_.monitor == "train.loss") return result.train_loss;
  return result.validation.at(report_.monitor.substr(std::string("validation.").size()));
}

bool Trainer::note_result(int64_t epoch, const EpochResult& result) {
  const double value = monitored(result);
  const double delta = pipeline_.early_stopping.min_delta;
  const bool better = minimise_ ? value < report_.best_value - delta : value > report_.best_value + delta;
  since_best_ = better ? 0 : since_best_ + 1;
  if (!better) return false;
  report_.best_value = value;
  report_.best_epoch = epoch + 1;
  best_ = snapshot(state());
  return true;
}

void Trainer::warn_when_collapsed(const at::Tensor& embeddings) {
  if (collapse_noted_ || embeddings.size(0) < 8) return;
  at::NoGradGuard no_grad;
  const auto unit = l2_normalized(embeddings.detach());
  const double norm = unit.mean(0).norm().item<double>();
  if (norm < kCollapsedNorm) return;
  collapse_noted_ = true;
  report_.warnings.push_back(
      fmt::format("the embeddings have collapsed: all point into nearly the same direction (mean cosine "
                  "{:.4f}); try a lower "
                  "learning rate, a larger batch or another mining",
                  norm * norm));
  log_warning(report_.warnings.back());
}

void Trainer::append_history(int64_t epoch, const EpochResult& result, double seconds, bool best) {
  json line = {{"epoch", epoch + 1},
               {"train", {{"loss", number_or_null(result.train_loss)}, {"seconds", result.step_seconds}}},
               {"validation", json::object()},
               {"seconds", seconds},
               {"best", best}};
  for (const auto& [name, value] : result.validation) line["validation"][name] = number_or_null(value);
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
                     {"best_value", number_or_null(report_.best_value)},
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
