#include <ATen/ATen.h>

#include "host/check/rule.hpp"
#include "host/check/threads.hpp"
#include "kindred/dataset.hpp"
#include "kindred/random.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kTried = 32;  // samples that are read

void labels_match_its_size(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  require(dataset->size() >= 0, "has the size {}", dataset->size());
  const auto& labels = dataset->labels();
  require(static_cast<int64_t>(labels.size()) == dataset->size(), "has {} labels for {} samples",
          labels.size(), dataset->size());
  const auto names = static_cast<int64_t>(dataset->class_names().size());
  for (auto label : labels) {
    require(label >= -1, "has the label {}", label);
    require(names == 0 || label < names, "has the label {}, but {} class names", label, names);
  }
}

void objects_are_well_formed(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  int64_t dimension = -1;
  for (int64_t i = 0; i < std::min(dataset->size(), kTried); ++i) {
    const auto object = dataset->read(i);
    require(!dataset->sample_name(i).empty(), "has no name for sample {}", i);
    if (dataset->object_kind() == ObjectKind::image) {
      require(object.dim() == 3 && object.size(2) == 3 && object.scalar_type() == at::kByte,
              "reads a picture that is not uint8 (H, W, 3)");
    } else {
      require(object.dim() == 1 && object.scalar_type() == at::kFloat,
              "reads a vector that is not float32 (D)");
      require(dimension < 0 || object.size(0) == dimension, "reads vectors of {} and of {} numbers",
              dimension, object.size(0));
      dimension = object.size(0);
    }
  }
}

void threads_may_read_at_random(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  const auto count = std::min(dataset->size(), kTried);
  if (count == 0) return;
  std::vector<at::Tensor> objects;
  for (int64_t i = 0; i < count; ++i) objects.push_back(dataset->read(i));
  in_threads([&](int thread) {
    Random random(7, thread);
    for (int n = 0; n < 64; ++n) {
      const auto i = random.below(count);
      require(at::equal(dataset->read(i), objects[static_cast<size_t>(i)]),
              "reads something else for sample {} when several threads read", i);
    }
  });
}

void wrong_index_is_an_error(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  for (const int64_t index : {int64_t{-1}, dataset->size()}) {
    bool refused = false;
    try {
      dataset->read(index);
    } catch (const std::exception&) {
      refused = true;
    }
    require(refused, "reads sample {} of {} without an error", index, dataset->size());
  }
}

void fingerprint_is_stable(const Subject& subject) {
  const auto one = subject.make<Dataset>(), other = subject.make<Dataset>();
  require(!one->fingerprint().empty(), "has an empty fingerprint()");
  require(one->fingerprint() == other->fingerprint(), "has another fingerprint() when it is made again");
}

void matrix_holds_the_objects(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  const auto matrix = dataset->matrix();
  if (!matrix.defined()) return;
  require(matrix.dim() == 2 && matrix.size(0) == dataset->size(), "has a matrix() without a row per sample");
  for (int64_t i = 0; i < std::min(dataset->size(), kTried); ++i) {
    require(at::equal(matrix[i].to(at::kFloat), dataset->read(i)),
            "has another row {} in matrix() than read() gives", i);
  }
}

}  // namespace

std::vector<Rule> dataset_rules() {
  return {
      {"labels_match_its_size", "a label of at least -1 per sample", labels_match_its_size},
      {"objects_are_well_formed", "objects have the shape and dtype of their kind", objects_are_well_formed},
      {"threads_may_read_at_random", "8 threads read what one reads", threads_may_read_at_random},
      {"wrong_index_is_an_error", "an index out of range is an error", wrong_index_is_an_error},
      {"fingerprint_is_stable", "the same data has the same fingerprint", fingerprint_is_stable},
      {"matrix_holds_the_objects", "matrix() and read() agree", matrix_holds_the_objects},
  };
}

}  // namespace kindred::host
