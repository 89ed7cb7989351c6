#include "host/data/batch_loader.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "host/base/processors.hpp"
#include "host/loader/plugin_error.hpp"
#include "kindred/error.hpp"
#include "kindred/text.hpp"

namespace kindred::host {
namespace {

/// Returns a text such as "224x160" for a picture, or "12 numbers" for a vector.
std::string size_text(const at::Tensor& object) {
  if (object.dim() < 2) return std::to_string(object.numel()) + " numbers";
  return std::to_string(object.size(1)) + "x" + std::to_string(object.size(0));
}

}  // namespace

BatchLoader::BatchLoader(const Dataset& dataset, const TransformList& transforms,
                         std::vector<std::vector<SampleIndex>> batches, Options options)
    : dataset_(dataset),
      transforms_(transforms),
      batches_(std::move(batches)),
      options_(options),
      kind_(dataset.object_kind()),
      normalization_(normalization_of(transforms)),
      slots_(batches_.size()) {
  for (size_t i = 0; i < batches_.size(); ++i) slots_[i].open = batches_[i].size();
  const auto threads = options_.threads > 0 ? options_.threads : usable_processors();
  for (int64_t i = 0; i < threads; ++i) workers_.emplace_back([this] { work(); });
}

BatchLoader::~BatchLoader() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void BatchLoader::work() {
  at::NoGradGuard no_grad;
  for (;;) {
    std::unique_lock<std::mutex> lock(mutex_);
    room_.wait(lock, [this] {
      while (next_batch_ < batches_.size() && next_place_ >= batches_[next_batch_].size()) {
        ++next_batch_;
        next_place_ = 0;
      }
      return stop_ || next_batch_ >= batches_.size() ||
             next_batch_ < taken_ + static_cast<size_t>(options_.prefetch);
    });
    if (stop_ || next_batch_ >= batches_.size()) return;
    const size_t number = next_batch_, place = next_place_++;
    auto& slot = slots_[number];
    if (slot.objects.empty()) {
      slot.objects.resize(batches_[number].size());
      slot.errors.resize(batches_[number].size());
    }
    lock.unlock();
    read_one(batches_[number], place, slot);
    lock.lock();
    if (--slot.open == 0) ready_.notify_all();
  }
}

void BatchLoader::read_one(const std::vector<SampleIndex>& indices, size_t place, Slot& slot) {
  const auto index = indices[place];
  try {
    auto object = dataset_.read(to_int(index));
    const bool as_it_is = kind_ != ObjectKind::image || options_.transformed;
    for (size_t i = 0; !as_it_is && i < transforms_.size(); ++i) {
      auto random = options_.draws ? options_.draws(index, i) : Random(0);
      object = transforms_[i]->apply(object, random);
    }
    slot.objects[place] = options_.mirror && kind_ == ObjectKind::image ? object.flip({1}) : object;
  } catch (const PluginError&) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!broken_) broken_ = std::current_exception();
  } catch (const std::exception& error) {
    slot.errors[place] = error.what();
    if (slot.errors[place].empty()) slot.errors[place] = "unknown error";
  } catch (...) {
    slot.errors[place] = "an exception that is not a std::exception";
  }
}

BatchLoader::Objects BatchLoader::next_objects() {
  std::unique_lock<std::mutex> lock(mutex_);
  const size_t number = taken_;
  ready_.wait(lock, [&] { return slots_.at(number).open == 0; });
  if (broken_) std::rethrow_exception(broken_);
  Slot slot = std::move(slots_[number]);
  ++taken_;
  lock.unlock();
  room_.notify_all();

  Objects out;
  for (size_t i = 0; i < slot.objects.size(); ++i) {
    const auto index = batches_[number][i];
    if (!slot.errors[i].empty()) {
      out.skipped.push_back({index, dataset_.sample_name(to_int(index)), slot.errors[i]});
      continue;
    }
    out.objects.push_back(std::move(slot.objects[i]));
    out.indices.push_back(index);
  }
  return out;
}

void BatchLoader::check_one_size(const Objects& read) const {
  for (size_t i = 1; kind_ != ObjectKind::text && i < read.objects.size(); ++i) {
    if (read.objects[i].sizes() == read.objects.front().sizes()) continue;
    const bool images = kind_ == ObjectKind::image;
    throw Error(std::string("the ") + (images ? "pictures" : "vectors") + " of a batch differ in size" +
                (images ? " after the transforms: " : ": ") +
                dataset_.sample_name(to_int(read.indices.front())) + " is " +
                size_text(read.objects.front()) + ", " + dataset_.sample_name(to_int(read.indices[i])) +
                " is " + size_text(read.objects[i]) +
                (images ? "; add a resize or a crop to an exact size to data.transforms"
                        : "; all vectors of a dataset must have one length"));
  }
}

Batch BatchLoader::joined(const std::vector<at::Tensor>& objects) const {
  if (kind_ == ObjectKind::text) return text_batch(objects);
  Batch batch;
  batch.normalization = normalization_;
  batch.data = at::stack(objects);
  return batch;
}

BatchLoader::Loaded BatchLoader::next() {
  auto read = next_objects();
  check_one_size(read);
  Loaded out;
  out.batch.normalization = normalization_;
  if (!read.objects.empty()) out.batch = joined(read.objects);
  out.indices = std::move(read.indices);
  out.skipped = std::move(read.skipped);
  return out;
}

}  // namespace kindred::host
