#include "host/inference/encoder_speed.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <random>

#include "host/base/clock.hpp"
#include "host/data/batch_loader.hpp"
#include "host/inference/input_samples.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kHeight = 480, kWidth = 640;
constexpr int kCallsBefore = 2;  ///< which find memory and choose kernels

std::vector<uint8_t> drawn_pixels() {
  std::vector<uint8_t> pixels(kHeight * kWidth * 3);
  std::minstd_rand random;
  for (auto& value : pixels) value = static_cast<uint8_t>(random() >> 8);
  return pixels;
}

Input drawn(const ReadField& field) {
  switch (field.kind) {
    case ObjectKind::image:
      return Input::image(drawn_pixels(), kHeight, kWidth);
    case ObjectKind::vector:
      if (field.length == 0)
        throw Error("encoder " + field.encoder +
                    " reads vectors of any length, so that there is nothing to time");
      return Input::vector(std::vector<float>(static_cast<size_t>(field.length), 1));
    default:
      return Input::text("a red car with two doors and a folding roof beside a house near the old harbour");
  }
}

/// What goes into an encoder for `count` samples.
Batch drawn_batch(const InferenceModel& model, const ReadField& field, int64_t count) {
  const std::vector<Input> inputs(static_cast<size_t>(count), drawn(field));
  const Decoders none;
  auto alone = field;
  alone.name.clear();
  const InputSamples samples(inputs, {alone}, none);
  BatchLoader::Options loading;
  loading.threads = 1;
  BatchLoader loader(samples, model.transforms(), {all_samples(count)}, loading);
  auto batch = loader.next().batch;
  batch.data = batch.data.to(model.device());
  return batch;
}

/// Waits for what a device still computes.
void finish(const at::Tensor& rows) { rows.sum().item<float>(); }

double samples_per_second(const InferenceModel& model, size_t encoder, const Batch& batch, double seconds) {
  for (int i = 0; i < kCallsBefore; ++i) finish(model.encode_batch(encoder, batch));
  std::vector<double> times;
  const double until = now_seconds() + seconds;
  do {
    const double start = now_seconds();
    finish(model.encode_batch(encoder, batch));
    times.push_back(now_seconds() - start);
  } while (now_seconds() < until);
  const auto middle = times.begin() + static_cast<int64_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return static_cast<double>(batch.data.size(0)) / *middle;
}

}  // namespace

std::vector<EncoderSpeed> encoder_speeds(const InferenceModel& model, const std::vector<int64_t>& batch_sizes,
                                         double seconds) {
  std::vector<EncoderSpeed> speeds;
  for (size_t i = 0; i < model.fields().size(); ++i) {
    const auto& field = model.fields()[i];
    EncoderSpeed speed{field.encoder, {}, {}};
    for (const auto size : batch_sizes) {
      const auto batch = drawn_batch(model, field, size);
      speed.input = batch.data.sizes().slice(1).vec();
      speed.batches.push_back({size, samples_per_second(model, i, batch, seconds)});
    }
    speeds.push_back(std::move(speed));
  }
  return speeds;
}

}  // namespace kindred::host
