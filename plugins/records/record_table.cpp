#include "record_table.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "files/file_stamp.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/text.hpp"
#include "record_fields.hpp"
#include "record_images.hpp"

namespace kindred {
namespace {

constexpr int kGrey = 128;

}  // namespace

namespace fs = std::filesystem;

RecordTable::RecordTable(std::vector<Field> fields, const std::vector<std::string>& optional,
                         std::string root, const std::string& dataset)
    : fields_(std::move(fields)), root_(std::move(root)), columns_(fields_.size()) {
  for (const auto& field : fields_) {
    if (field.kind != ObjectKind::image || can_read_images()) continue;
    throw Error(dataset + ": " +
                (field.name.empty() ? "the objects are" : "the field \"" + field.name + "\" is") +
                " pictures, and the plugin records was built without OpenCV, so it reads none; install "
                "OpenCV (Debian: libopencv-dev) and build again");
  }
  for (const auto& name : optional) {
    const auto field =
        std::find_if(fields_.begin(), fields_.end(), [&](const Field& one) { return one.name == name; });
    if (field == fields_.end()) {
      throw Error(dataset + ": optional names \"" + name +
                  "\", which is none of the fields: " + names_of(fields_));
    }
    columns_[static_cast<size_t>(field - fields_.begin())].is_optional = true;
  }
}

void RecordTable::add(const nlohmann::json& object, const JsonLine& line, const std::string& key) {
  const auto where = key.empty() ? std::string() : "\"" + key + "\" ";
  const auto called = [&](const std::string& name) {  // a plain text has no name of its own
    return name.empty() ? where : where + "\"" + name + "\" ";
  };
  for (size_t i = 0; i < fields_.size(); ++i) {
    const auto& name = fields_[i].name;
    const auto value = object.find(name);
    if (columns_[i].is_optional && (value == object.end() || value->is_null())) {
      add_nothing(columns_[i], fields_[i].kind);
      continue;
    }
    if (value == object.end())
      line.fail(where + "has no " + missing_in(object) +
                "; expected a value for each field: " + names_of(fields_));
    if (fields_[i].kind == ObjectKind::vector) {
      add_numbers(*value, columns_[i], line, called(name));
      continue;
    }
    const bool is_text = fields_[i].kind == ObjectKind::text;
    if (!value->is_string() || (!is_text && value->get_ref<const std::string&>().empty())) {
      line.fail(called(name) + "is " + json_text(*value).substr(0, 40) + ", expected " +
                (is_text ? "a text" : "the path of a picture"));
    }
    columns_[i].texts.push_back(value->get<std::string>());
  }
  ++size_;
}

std::string RecordTable::missing_in(const nlohmann::json& object) const {
  std::string names;
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (columns_[i].is_optional || object.contains(fields_[i].name)) continue;
    names += (names.empty() ? "\"" : ", \"") + fields_[i].name + "\"";
  }
  return names;
}

void RecordTable::add_nothing(Column& column, ObjectKind kind) {
  if (kind == ObjectKind::vector) {
    column.numbers->resize(column.numbers->size() + static_cast<size_t>(column.dimension));
  } else {
    column.texts.emplace_back();
  }
}

void RecordTable::add_numbers(const nlohmann::json& value, Column& column, const JsonLine& line,
                              const std::string& name) const {
  if (!value.is_array() || value.empty()) line.fail(name + "is no list of numbers, such as [0.5, 1, 2]");
  const auto count = static_cast<int64_t>(value.size());
  if (column.dimension > 0 && count != column.dimension) {
    line.fail(name + "has " + std::to_string(count) + " numbers, those before it " +
              std::to_string(column.dimension) + "; all need the same length");
  }
  if (column.dimension == 0) column.numbers->resize(static_cast<size_t>(size_ * count));  // of those without
  column.dimension = count;
  for (const auto& one : value) {
    const auto number = one.is_number() ? one.get<float>() : NAN;
    if (!std::isfinite(number))
      line.fail(name + "holds " + json_text(one).substr(0, 40) + ", expected numbers that float32 can hold");
    column.numbers->push_back(number);
  }
}

at::Tensor RecordTable::numbers(size_t field, int64_t row, int64_t rows) const {
  const auto& column = columns_[field];
  if (column.dimension == 0)
    throw Error("no sample has numbers in the field \"" + fields_[field].name + "\"");
  auto* first = column.numbers->data() + row * column.dimension;
  return at::from_blob(
      first, {rows, column.dimension}, [keep = column.numbers](void*) {}, at::kFloat);
}

at::Tensor RecordTable::read(int64_t index, size_t field) const {
  check_field(field);
  if (index < 0 || index >= size_) {
    throw Error("there is no sample " + std::to_string(index) + "; there are " + std::to_string(size_) +
                ", counted from 0");
  }
  if (fields_[field].kind == ObjectKind::vector) return numbers(field, index, 1).squeeze(0);
  const auto& text = columns_[field].texts[static_cast<size_t>(index)];
  if (fields_[field].kind == ObjectKind::text) return text_tensor(text);
  return text.empty() ? at::full({1, 1, 3}, kGrey, at::kByte) : record_image(path_of(text));
}

at::Tensor RecordTable::matrix(size_t field) const {
  check_field(field);
  if (fields_[field].kind != ObjectKind::vector) return {};
  return numbers(field, 0, size_);
}

StoredObject RecordTable::stored(int64_t index, size_t field) const {
  check_field(field);
  StoredObject object;
  if (fields_[field].kind != ObjectKind::image) return object;
  const auto& file = columns_[field].texts.at(static_cast<size_t>(index));
  if (file.empty()) {
    object.part = "none";
  } else {
    object.file = path_of(file);
  }
  return object;
}

std::string RecordTable::image_stamps() const {
  std::string text;
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].kind != ObjectKind::image) continue;
    for (const auto& file : columns_[i].texts)
      text += "\n" + (file.empty() ? "none" : file_stamp(path_of(file)));
  }
  return text;
}

std::string RecordTable::path_of(const std::string& file) const {
  return path_of_shown((fs::path(root_) / file).string());
}

void RecordTable::check_field(size_t field) const {
  if (field < fields_.size()) return;
  throw Error("field " + std::to_string(field) + " was asked for, but the samples have " +
              std::to_string(fields_.size()) + ", counted from 0: " + names_of(fields_));
}

}  // namespace kindred
