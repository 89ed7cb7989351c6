#include <ATen/ATen.h>
#include <fmt/format.h>

#include <set>

#include "host/contracts/contract.hpp"
#include "kindred/dataset.hpp"
#include "kindred/error.hpp"
#include "kindred/finite.hpp"

namespace kindred::host {
namespace {

class DatasetContract final : public Contract<Dataset> {
 public:
  DatasetContract(std::shared_ptr<Dataset> inner, const ComponentInfo& info)
      : Contract(std::move(inner), info) {
    fields_ = calls_.call("fields", [&] { return inner_->fields(); });
    check_fields();
    size_ = calls_.call("size", [&] { return inner_->size(); });
    if (size_ < 0) calls_.broke("size", fmt::format("is {}", size_));
    const auto& labels =
        calls_.call("labels", [&]() -> const std::vector<int64_t>& { return inner_->labels(); });
    if (static_cast<int64_t>(labels.size()) != size_) {
      calls_.broke("labels", fmt::format("gave {} labels for {} samples", labels.size(), size_));
    }
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] < -1)
        calls_.broke("labels",
                     fmt::format("gave {} for sample {}; labels begin at 0, -1 is unknown", labels[i], i));
    }
    roles_ = calls_.call("roles", [&] { return inner_->roles(); });
    if (!roles_.empty() && static_cast<int64_t>(roles_.size()) != size_) {
      calls_.broke("roles", fmt::format("gave {} roles for {} samples", roles_.size(), size_));
    }
    pairs_ = calls_.call("pairs", [&] { return inner_->pairs(); });
    check_pairs(labels);
  }

  ObjectKind object_kind() const override { return fields_.front().kind; }
  int64_t size() const override { return size_; }
  const std::vector<int64_t>& labels() const override { return inner_->labels(); }
  std::vector<std::string> class_names() const override {
    return calls_.call("class_names", [&] { return inner_->class_names(); });
  }
  at::Tensor read(int64_t index) const override { return read_field(index, 0); }
  at::Tensor read_field(int64_t index, size_t field) const override {
    auto running = calls_.running("read");
    running.set_sample(index);
    auto object = field == 0 ? inner_->read(index) : inner_->read_field(index, field);
    const auto kind = fields_.at(field).kind;
    check_object(object, index, kind);
    // It is the sample that is wrong and not the dataset: it is one that cannot be read.
    if (kind == ObjectKind::vector) {
      if (const auto wrong = what_is_not_finite(object); !wrong.empty()) throw Error(wrong);
    }
    return object;
  }
  std::string sample_name(int64_t index) const override {
    return calls_.call("sample_name", [&] { return inner_->sample_name(index); });
  }
  at::Tensor matrix() const override { return field_matrix(0); }
  at::Tensor field_matrix(size_t field) const override {
    auto rows =
        calls_.call("matrix", [&] { return field == 0 ? inner_->matrix() : inner_->field_matrix(field); });
    if (rows.defined() &&
        (rows.dim() != 2 || rows.size(0) != size_ || !rows.is_floating_point() || !rows.is_cpu())) {
      calls_.broke("matrix", fmt::format("returned {}; expected floating point numbers ({}, D) on cpu",
                                         tensor_text(rows), size_));
    }
    return rows;
  }
  std::string fingerprint() const override {
    return calls_.call("fingerprint", [&] { return inner_->fingerprint(); });
  }
  std::vector<Field> fields() const override { return fields_; }
  PairList pairs() const override { return pairs_; }
  std::vector<Role> roles() const override { return roles_; }
  std::vector<Note> notes() const override {
    return calls_.call("notes", [&] { return inner_->notes(); });
  }
  StoredObject stored(int64_t index, size_t field) const override {
    auto running = calls_.running("stored");
    running.set_sample(index);
    auto object = inner_->stored(index, field);
    if (object.offset < 0 || object.bytes < -1) {
      calls_.broke("stored", fmt::format("gave {} bytes from {} for {}", object.bytes, object.offset,
                                         sample_name(index)));
    }
    return object;
  }

 private:
  void check_fields() {
    if (fields_.empty()) calls_.broke("fields", "gave none; a sample has at least one");
    std::set<std::string> names;
    for (const auto& one : fields_) {
      if (one.kind != ObjectKind::image && one.kind != ObjectKind::vector && one.kind != ObjectKind::text) {
        calls_.broke("fields", fmt::format("gave the kind {}, which is no kind of object",
                                           static_cast<uint32_t>(one.kind)));
      }
      if (!names.insert(one.name).second) calls_.broke("fields", "gave two of the name \"" + one.name + "\"");
    }
    const auto kind = calls_.call("object_kind", [&] { return inner_->object_kind(); });
    if (kind != fields_.front().kind) {
      calls_.broke("object_kind", std::string("is ") + object_kind_name(kind) + ", but the first field is " +
                                      object_kind_name(fields_.front().kind));
    }
  }

  void check_pairs(const std::vector<int64_t>& labels) {
    if (!pairs_.defined()) return;
    const auto& rows = pairs_.rows;
    const auto count = rows.dim() == 2 ? rows.size(0) : 0;
    const auto is_list = [&](const at::Tensor& one, at::ScalarType dtype) {
      return one.defined() && one.dim() == 1 && one.numel() == count && one.scalar_type() == dtype &&
             one.is_cpu();
    };
    if (count == 0 || rows.size(1) != 2 || rows.scalar_type() != at::kLong || !rows.is_cpu() ||
        !is_list(pairs_.scores, at::kFloat) || !is_list(pairs_.subgroups, at::kLong)) {
      calls_.broke(
          "pairs",
          fmt::format("gave rows {}, scores {}, subgroups {}; expected int64 (P, 2), float32 (P) and "
                      "int64 (P) on cpu, P at least 1",
                      tensor_text(rows), tensor_text(pairs_.scores), tensor_text(pairs_.subgroups)));
    }
    if (const auto wrong = outside(rows.reshape({-1}), size_); !wrong.empty()) calls_.broke("pairs", wrong);
    if (!pairs_.scores.ge(0).logical_and(pairs_.scores.le(1)).all().item<bool>()) {
      calls_.broke("pairs", "gave a score outside 0 to 1");
    }
    const auto plain = rows.contiguous();
    const auto* row = plain.data_ptr<int64_t>();
    for (int64_t i = 0; i < count; ++i) {
      if (labels[static_cast<size_t>(row[2 * i])] != labels[static_cast<size_t>(row[2 * i + 1])]) {
        calls_.broke("pairs", fmt::format("gave pair {} of samples {} and {}, whose labels differ", i,
                                          row[2 * i], row[2 * i + 1]));
      }
    }
  }

  void check_object(const at::Tensor& object, int64_t index, ObjectKind kind) const {
    const auto is_list = [&](at::ScalarType dtype) {
      return object.defined() && object.dim() == 1 && object.scalar_type() == dtype && object.is_cpu();
    };
    const char* expected = "uint8 (H, W, 3)";
    bool right = kind == ObjectKind::image && is_image(object);
    if (kind == ObjectKind::vector) {
      right = is_list(at::kFloat);
      expected = "float32 (D)";
    } else if (kind == ObjectKind::text) {
      right = is_list(at::kByte);
      expected = "uint8 (L)";
    }
    if (right) return;
    calls_.broke("read", fmt::format("returned {} for {}; expected {} on cpu", tensor_text(object),
                                     sample_name(index), expected));
  }

  std::vector<Field> fields_;
  int64_t size_ = 0;
  std::vector<Role> roles_;
  PairList pairs_;
};

}  // namespace

std::shared_ptr<Dataset> under_contract(std::shared_ptr<Dataset> dataset, const ComponentInfo& info) {
  return std::make_shared<DatasetContract>(std::move(dataset), info);
}

}  // namespace kindred::host
