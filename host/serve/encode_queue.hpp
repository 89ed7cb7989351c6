#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "host/data/decoders.hpp"
#include "host/http/http_message.hpp"
#include "host/inference/encode_inputs.hpp"

namespace kindred::host {

/// An input with what it costs in memory until it is encoded.
struct QueuedInput {
  Input input;              ///< pictures come from InferenceModel::transformed()
  int64_t pixels = 0;       ///< of a transformed picture; 0 of anything else
  bool and_mirror = false;  ///< the mean with its mirror image; inputs of one batch agree in this
};

struct QueueOptions {
  int64_t batch_inputs = 32;               ///< that go through the model together
  int64_t batch_pixels = 128 << 20;        ///< that their pictures have together; one picture may have more
  double window_seconds = 0.002;           ///< that the first input of a batch waits for others
  int64_t most_inputs = 1024;              ///< that may wait
  int64_t most_pixels = int64_t{1} << 28;  ///< that may wait
};

/// What one batch was, for figures.
struct BatchFigures {
  int64_t inputs = 0, requests = 0;
  double waited_seconds = 0;  ///< of its first input
  double encode_seconds = 0;
};

/// Brings the inputs of requests that come at the same time together into batches of a model. A list that is
/// longer than a batch is divided; what a client does not wait for any more is left out. [thread-safe]
class EncodeQueue {
 public:
  /// Takes the embeddings of a request, in the order of its inputs, on a thread of the queue: it must not
  /// wait. `failure`: not empty where nothing could be encoded, by no fault of the request.
  using Done = std::function<void(EncodedInputs encoded, const std::string& failure)>;

  /// `model` and `decoders` must outlive it.
  EncodeQueue(const InferenceModel& model, const Decoders& decoders, const QueueOptions& options,
              std::function<void(const BatchFigures&)> figures);
  /// Ends when the batches that are under way are done; those that wait are dropped.
  ~EncodeQueue();
  EncodeQueue(const EncodeQueue&) = delete;
  EncodeQueue& operator=(const EncodeQueue&) = delete;

  /// False where too much waits. A list that is longer than all that may wait is taken while none does.
  bool push(std::vector<QueuedInput> inputs, RequestPtr request, Done done);

  int64_t waiting() const;  ///< inputs

  /// Ends as the destructor does; what is pushed later waits for ever.
  void stop();

 private:
  struct Task;
  struct Entry {
    std::shared_ptr<Task> task;
    size_t place;
    QueuedInput what;
    double since;
  };
  void work();
  std::vector<Entry> next_batch(std::unique_lock<std::mutex>& lock);
  bool is_full() const;
  void drop_abandoned();
  void encode(std::vector<Entry>& batch) const;

  const InferenceModel& model_;
  const Decoders& decoders_;
  const QueueOptions options_;
  const std::function<void(const BatchFigures&)> figures_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Entry> entries_;
  int64_t pixels_ = 0;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace kindred::host
