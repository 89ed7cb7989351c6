#include <ATen/ATen.h>

#include <algorithm>
#include <functional>

#include "host/check/rule.hpp"
#include "host/check/threads.hpp"
#include "kindred/dataset.hpp"
#include "kindred/random.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kTried = 32;  // samples that are read

void threads_may_read_at_random(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  const auto count = std::min(dataset->size(), kTried);
  const auto fields = dataset->fields().size();
  if (count == 0 || fields == 0) return;
  std::vector<at::Tensor> objects;
  for (int64_t i = 0; i < count; ++i) {
    for (size_t f = 0; f < fields; ++f) objects.push_back(dataset->read_field(i, f));
  }
  in_threads([&](int thread) {
    Random random(7, thread);
    for (int n = 0; n < 64; ++n) {
      const auto at = static_cast<size_t>(random.below(static_cast<int64_t>(objects.size())));
      const auto i = static_cast<int64_t>(at / fields);
      require(at::equal(dataset->read_field(i, at % fields), objects[at]),
              "reads something else for sample {} when several threads read", i);
    }
  });
}

bool refuses(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception&) {
    return true;
  }
  return false;
}

void wrong_index_is_an_error(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  for (const int64_t index : {int64_t{-1}, dataset->size()}) {
    require(refuses([&] { dataset->read(index); }), "reads sample {} of {} without an error", index,
            dataset->size());
  }
  const auto fields = dataset->fields().size();
  require(dataset->size() == 0 || refuses([&] { dataset->read_field(0, fields); }),
          "reads field {} of {} without an error", fields, fields);
}

/// The object, or an undefined tensor where reading it is an error.
at::Tensor read_if_possible(const Dataset& dataset, int64_t index, size_t field) {
  try {
    return dataset.read_field(index, field);
  } catch (const std::exception&) {
    return {};
  }
}

void reading_repeats(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  const auto fields = dataset->fields().size();
  for (int64_t i = 0; i < std::min(dataset->size(), kTried); ++i) {
    for (size_t f = 0; f < fields; ++f) {
      const auto first = read_if_possible(*dataset, i, f);
      refuses([&] { dataset->read(dataset->size()); });  // an error leaves everything as it was
      const auto again = read_if_possible(*dataset, i, f);
      require(first.defined() || !again.defined(), "reads sample {}, which it failed to read before", i);
      require(again.defined() || !first.defined(), "fails to read sample {}, which it read before", i);
      require(!first.defined() || at::equal(first, again), "reads sample {} differently the second time", i);
    }
  }
}

void labels_stay(const Subject& subject) {
  const auto one = subject.make<Dataset>(), other = subject.make<Dataset>();
  const auto before = one->labels();
  for (int64_t i = 0; i < std::min(one->size(), kTried); ++i) read_if_possible(*one, i, 0);
  require(one->labels() == before, "has other labels() once it has read objects");
  require(other->labels() == before, "has other labels() when it is made again");
}

}  // namespace

std::vector<Rule> dataset_reading_rules() {
  return {
      {"labels_stay", "labels() are complete before any object is read", labels_stay},
      {"reading_repeats", "a sample reads, or fails to, as it did before", reading_repeats},
      {"threads_may_read_at_random", "8 threads read what one reads", threads_may_read_at_random},
      {"wrong_index_is_an_error", "an index out of range is an error", wrong_index_is_an_error},
  };
}

}  // namespace kindred::host
