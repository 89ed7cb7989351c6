#include <ATen/ATen.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "host/check/rule.hpp"
#include "kindred/dataset.hpp"
#include "kindred/text.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kTried = 32;  // samples that are read

/// Without a sample every other rule would hold.
void has_samples(const Subject& subject) {
  require(subject.make<Dataset>()->size() > 0,
          "has no sample to try; give --params '{}={{...}}' with which it has some", subject.info.id);
}

void labels_match_its_size(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  const auto& labels = dataset->labels();
  require(static_cast<int64_t>(labels.size()) == dataset->size(), "has {} labels for {} samples",
          labels.size(), dataset->size());
  const auto names = static_cast<int64_t>(dataset->class_names().size());
  for (auto label : labels) {
    require(label >= -1, "has the label {}", label);
    require(names == 0 || label < names, "has the label {}, but {} class names", label, names);
  }
}

/// What an object of a kind has to be, and what is said of one that is not.
struct Form {
  ObjectKind kind;
  const char* fault;  ///< "a picture that is not uint8 (H, W, 3)"
  bool (*fits)(const at::Tensor& object);
};

constexpr Form kForms[] = {
    {ObjectKind::image, "a picture that is not uint8 (H, W, 3)",
     [](const at::Tensor& x) { return x.dim() == 3 && x.size(2) == 3 && x.scalar_type() == at::kByte; }},
    {ObjectKind::vector, "a vector that is not float32 (D)",
     [](const at::Tensor& x) { return x.dim() == 1 && x.scalar_type() == at::kFloat; }},
    {ObjectKind::text, "a text that is not uint8 (L)",
     [](const at::Tensor& x) { return x.dim() == 1 && x.scalar_type() == at::kByte; }},
};

const Form& form_of(ObjectKind kind) {
  const auto* it =
      std::find_if(std::begin(kForms), std::end(kForms), [&](const Form& f) { return f.kind == kind; });
  require(it != std::end(kForms), "has objects of the unknown kind {}", static_cast<uint32_t>(kind));
  return *it;
}

void fields_are_named(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  const auto fields = dataset->fields();
  require(!fields.empty(), "has no fields(); samples have at least one");
  require(fields[0].kind == dataset->object_kind(),
          "has a first field of the kind {}, but object_kind() is {}", object_kind_name(fields[0].kind),
          object_kind_name(dataset->object_kind()));
  std::set<std::string> names;
  for (const auto& field : fields) {
    form_of(field.kind);
    require(names.insert(field.name).second, "has two fields called \"{}\"", field.name);
    require(!field.name.empty() || fields.size() == 1, "has a field without a name among {}", fields.size());
  }
}

void first_field_is_the_object(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  for (int64_t i = 0; i < std::min(dataset->size(), kTried); ++i) {
    require(at::equal(dataset->read_field(i, 0), dataset->read(i)),
            "has another first field of sample {} than read() gives", i);
  }
  require(dataset->field_matrix(0).defined() == dataset->matrix().defined(),
          "has only one of matrix() and field_matrix(0)");
}

void objects_are_well_formed(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  const auto fields = dataset->fields();
  for (size_t f = 0; f < fields.size(); ++f) {
    int64_t dimension = -1;
    for (int64_t i = 0; i < std::min(dataset->size(), kTried); ++i) {
      const auto object = dataset->read_field(i, f);
      require(!dataset->sample_name(i).empty(), "has no name for sample {}", i);
      const auto& form = form_of(fields[f].kind);
      require(form.fits(object), "reads {}", form.fault);
      if (fields[f].kind != ObjectKind::vector) continue;
      require(dimension < 0 || object.size(0) == dimension, "reads vectors of {} and of {} numbers",
              dimension, object.size(0));
      dimension = object.size(0);
    }
  }
}

void fingerprint_is_stable(const Subject& subject) {
  const auto one = subject.make<Dataset>(), other = subject.make<Dataset>();
  require(!one->fingerprint().empty(), "has an empty fingerprint()");
  require(one->fingerprint() == other->fingerprint(), "has another fingerprint() when it is made again");
}

void matrix_holds_the_objects(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  const auto fields = dataset->fields();
  for (size_t f = 0; f < fields.size(); ++f) {
    const auto matrix = dataset->field_matrix(f);
    require(matrix.defined() || fields[f].kind != ObjectKind::vector, "has vectors but no matrix()");
    if (!matrix.defined()) continue;
    require(matrix.dim() == 2 && matrix.size(0) == dataset->size(),
            "has a matrix() without a row per sample");
    for (int64_t i = 0; i < std::min(dataset->size(), kTried); ++i) {
      require(at::equal(matrix[i].to(at::kFloat), dataset->read_field(i, f)),
              "has another row {} in matrix() than read() gives", i);
    }
  }
}

void pairs_are_well_formed(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  const auto pairs = dataset->pairs();
  if (!pairs.defined()) return;
  require(pairs.rows.dim() == 2 && pairs.rows.size(1) == 2 && pairs.rows.scalar_type() == at::kLong,
          "has rows of pairs() that are not int64 (P, 2)");
  const auto count = pairs.rows.size(0);
  const auto is_column = [&](const at::Tensor& x, at::ScalarType type) {
    return x.defined() && x.dim() == 1 && x.size(0) == count && x.scalar_type() == type;
  };
  require(is_column(pairs.scores, at::kFloat), "has scores of pairs() that are not float32 (P)");
  require(is_column(pairs.subgroups, at::kLong), "has subgroups of pairs() that are not int64 (P)");
  const auto rows = pairs.rows.contiguous(), scores = pairs.scores.contiguous();
  const auto& labels = dataset->labels();
  for (int64_t p = 0; p < count; ++p) {
    const auto a = rows.data_ptr<int64_t>()[2 * p], b = rows.data_ptr<int64_t>()[2 * p + 1];
    for (const auto row : {a, b})
      require(row >= 0 && row < dataset->size(), "has sample {} in pair {}, of {}", row, p, dataset->size());
    const auto score = scores.data_ptr<float>()[p];
    require(score >= 0 && score <= 1, "has the score {} in pair {}, not 0 to 1", score, p);
    const auto one = labels.at(static_cast<size_t>(a)), other = labels.at(static_cast<size_t>(b));
    require(one == other, "has the labels {} and {} for the two objects of pair {}", one, other, p);
  }
}

void roles_match_its_size(const Subject& subject) {
  const auto dataset = subject.make<Dataset>();
  const auto roles = dataset->roles();
  require(roles.empty() || static_cast<int64_t>(roles.size()) == dataset->size(),
          "has {} roles for {} samples", roles.size(), dataset->size());
  for (const auto role : roles) {
    const bool known = role == Role::both || role == Role::query || role == Role::gallery;
    require(known, "has the unknown role {}", static_cast<int>(role));
  }
}

Behaviour behaviour_of(Dataset& dataset) {
  Behaviour out = {at::tensor(dataset.labels(), at::kLong), text_tensor(dataset.fingerprint())};
  const auto fields = dataset.fields().size();
  for (int64_t i = 0; i < std::min<int64_t>(dataset.size(), 4); ++i) {
    for (size_t f = 0; f < fields; ++f) {
      try {
        out.push_back(dataset.read_field(i, f));
      } catch (const std::exception& error) {
        out.push_back(text_tensor(error.what()));  // one sample that cannot be read is no fault
      }
    }
  }
  return out;
}

}  // namespace

template <>
KindChecks checks_of<Dataset>() {
  return kind_checks<Dataset>(
      behaviour_of,
      joined(
          {
              {"has_samples", "there is a sample to try", has_samples},
              {"labels_match_its_size", "a label of at least -1 per sample", labels_match_its_size},
              {"fields_are_named", "fields with distinct names, the first of object_kind()",
               fields_are_named},
              {"first_field_is_the_object", "the first field is what read() gives",
               first_field_is_the_object},
              {"objects_are_well_formed", "objects have the shape and dtype of their kind",
               objects_are_well_formed},
              {"fingerprint_is_stable", "the same data has the same fingerprint", fingerprint_is_stable},
              {"matrix_holds_the_objects", "matrix() and read() agree", matrix_holds_the_objects},
              {"pairs_are_well_formed", "pairs of samples with one label, scores from 0 to 1",
               pairs_are_well_formed},
              {"roles_match_its_size", "no role, or one per sample", roles_match_its_size},
          },
          dataset_reading_rules()));
}

}  // namespace kindred::host
