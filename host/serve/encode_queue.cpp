#include "host/serve/encode_queue.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>

#include "host/base/clock.hpp"

namespace kindred::host {

/// What a request waits for; its inputs may be in several batches.
struct EncodeQueue::Task {
  RequestPtr request;
  Done done;
  std::mutex mutex{};
  size_t left = 0;
  EncodedInputs encoded{};
  std::string failure{};
};

EncodeQueue::EncodeQueue(const InferenceModel& model, const Decoders& decoders, const QueueOptions& options,
                         std::function<void(const BatchFigures&)> figures)
    : model_(model), decoders_(decoders), options_(options), figures_(std::move(figures)), thread_([this] {
        work();
      }) {}

EncodeQueue::~EncodeQueue() { stop(); }

void EncodeQueue::stop() {
  {
    const std::lock_guard<std::mutex> one(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

int64_t EncodeQueue::waiting() const {
  const std::lock_guard<std::mutex> one(mutex_);
  return static_cast<int64_t>(entries_.size());
}

/// Takes out what nobody waits for, so that it fills no queue.
void EncodeQueue::drop_abandoned() {
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (it->task->request && it->task->request->is_gone) {
      pixels_ -= it->what.pixels;
      it = entries_.erase(it);
    } else {
      ++it;
    }
  }
}

bool EncodeQueue::push(std::vector<QueuedInput> inputs, RequestPtr request, Done done) {
  auto task = std::make_shared<Task>();
  task->request = std::move(request);
  task->done = std::move(done);
  task->left = inputs.size();
  const auto count = static_cast<int64_t>(inputs.size());
  task->encoded.rows = at::full({count, model_.dimension()}, std::numeric_limits<float>::quiet_NaN());
  int64_t pixels = 0;
  for (const auto& one : inputs) pixels += one.pixels;
  if (inputs.empty()) {
    task->done(std::move(task->encoded), "");
    return true;
  }
  {
    const std::lock_guard<std::mutex> one(mutex_);
    const auto fits = [&] {
      return entries_.empty() || (static_cast<int64_t>(entries_.size()) + count <= options_.most_inputs &&
                                  pixels_ + pixels <= options_.most_pixels);
    };
    if (!fits()) drop_abandoned();
    if (!fits()) return false;
    const auto now = now_seconds();
    for (size_t i = 0; i < inputs.size(); ++i) entries_.push_back({task, i, std::move(inputs[i]), now});
    pixels_ += pixels;
  }
  changed_.notify_all();
  return true;
}

bool EncodeQueue::is_full() const {
  return static_cast<int64_t>(entries_.size()) >= options_.batch_inputs || pixels_ >= options_.batch_pixels;
}

std::vector<EncodeQueue::Entry> EncodeQueue::next_batch(std::unique_lock<std::mutex>& lock) {
  std::vector<Entry> batch;
  changed_.wait(lock, [&] { return ends_ || !entries_.empty(); });
  if (ends_) return batch;
  const auto wait = options_.window_seconds - (now_seconds() - entries_.front().since);
  if (wait > 0)
    changed_.wait_for(lock, std::chrono::duration<double>(wait), [&] { return ends_ || is_full(); });
  if (ends_) return batch;
  drop_abandoned();
  int64_t pixels = 0;
  const bool and_mirror = !entries_.empty() && entries_.front().what.and_mirror;
  while (!entries_.empty() && static_cast<int64_t>(batch.size()) < options_.batch_inputs &&
         entries_.front().what.and_mirror == and_mirror &&
         (batch.empty() || pixels + entries_.front().what.pixels <= options_.batch_pixels)) {
    pixels += entries_.front().what.pixels;
    batch.push_back(std::move(entries_.front()));
    entries_.pop_front();
  }
  pixels_ -= pixels;
  return batch;
}

void EncodeQueue::work() {
  for (;;) {
    std::vector<Entry> batch;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      batch = next_batch(lock);
      if (ends_) return;
    }
    if (!batch.empty()) encode(batch);
  }
}

void EncodeQueue::encode(std::vector<Entry>& batch) const {
  const auto begin = now_seconds();
  std::vector<Input> inputs;
  std::set<const Task*> requests;
  for (auto& entry : batch) {
    inputs.push_back(std::move(entry.what.input));
    requests.insert(entry.task.get());
  }
  EncodedInputs encoded;
  std::string failure;
  try {
    InferenceModel::Pass pass;
    pass.and_mirror = batch.front().what.and_mirror;
    pass.transformed = true;
    // As a whole in one turn, so that no thread but the network's computes in parallel.
    model_.in_turn([&] { encoded = encode_inputs(model_, decoders_, inputs, pass); });
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (figures_) {
    figures_({static_cast<int64_t>(batch.size()), static_cast<int64_t>(requests.size()),
              begin - batch.front().since, now_seconds() - begin});
  }
  auto error = encoded.errors.begin();
  for (size_t i = 0; i < batch.size(); ++i) {
    auto& task = *batch[i].task;
    bool is_last = false;
    {
      const std::lock_guard<std::mutex> one(task.mutex);
      if (!failure.empty()) {
        task.failure = failure;
      } else if (error != encoded.errors.end() && error->index == i) {
        task.encoded.errors.push_back({batch[i].place, error->message});
        ++error;
      } else {
        task.encoded.rows[static_cast<int64_t>(batch[i].place)].copy_(encoded.rows[static_cast<int64_t>(i)]);
      }
      is_last = --task.left == 0;
    }
    if (!is_last) continue;
    auto& errors = task.encoded.errors;
    std::sort(errors.begin(), errors.end(),
              [](const InputError& a, const InputError& b) { return a.index < b.index; });
    task.done(std::move(task.encoded), task.failure);
  }
}

}  // namespace kindred::host
