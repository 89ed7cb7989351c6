#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <kindred/inference.hpp>
#include <kindred/search/search_index.hpp>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

/// What the Python files of the package call: the two libraries, with NumPy's arrays in place of vectors.
/// Nothing here holds the interpreter's lock while it computes or reads files.
namespace {
namespace py = pybind11;
using Unlocked = py::call_guard<py::gil_scoped_release>;
using Bytes = py::array_t<uint8_t, py::array::c_style>;
using Floats = py::array_t<float, py::array::c_style>;
using kindred::IndexNeighbour;
using kindred::Input;
using kindred::SearchIndex;
using kindred::SimilarityModel;

/// An array that owns `values`.
Floats array_of(std::vector<float> values, size_t rows, size_t columns) {
  auto* kept = new std::vector<float>(std::move(values));
  const py::capsule owner(kept, [](void* it) { delete static_cast<std::vector<float>*>(it); });
  return Floats({rows, columns}, kept->data(), owner);
}

std::vector<float> values_of(const Floats& array) { return {array.data(), array.data() + array.size()}; }

/// Paths are bytes, since they may be no texts.
std::vector<std::string> paths_of(const std::vector<py::bytes>& paths) {
  return {paths.begin(), paths.end()};
}

/// Each of the two libraries registers plugins and makes components in one thread at a time, but knows
/// nothing of the other one. Taken without the interpreter's lock.
std::mutex& loading() {
  static std::mutex mutex;
  return mutex;
}

SimilarityModel load_model(const std::string& folder, std::vector<std::string> plugin_folders,
                           std::string device, int64_t batch_size, int64_t threads) {
  const py::gil_scoped_release unlocked;
  const std::lock_guard<std::mutex> one_at_a_time(loading());
  return SimilarityModel::load(folder, {std::move(plugin_folders), std::move(device), batch_size, threads});
}

/// A message may name a path that is no text.
py::object message_text(const std::string& bytes) {
  auto* text = PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "backslashreplace");
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(text);
}

/// (embeddings float32 (N, D), [(index, message)]).
py::tuple encode(const SimilarityModel& model, const std::vector<Input>& inputs, bool and_mirror) {
  kindred::Embeddings found;
  {
    const py::gil_scoped_release unlocked;
    found = model.encode(inputs, and_mirror);
  }
  py::list errors;
  for (const auto& error : found.errors)
    errors.append(py::make_tuple(error.index, message_text(error.message)));
  return py::make_tuple(array_of(std::move(found.values), found.count, found.dimension), errors);
}

py::dict card_of(const SimilarityModel& model) {
  const auto& card = model.card();
  py::list components;
  for (const auto& one : card.components)
    components.append(py::make_tuple(one.kind, one.id, one.version, one.plugin, one.plugin_version));
  py::dict out;
  out["name"] = card.name;
  out["metrics"] = card.metrics;
  out["components"] = components;
  out["distance"] = card.distance;
  out["unit_length"] = card.unit_length;
  out["kindred_version"] = card.kindred_version;
  out["manifest"] = card.manifest;
  return out;
}

py::list fields_of(const SimilarityModel& model) {
  py::list out;
  for (const auto& one : model.fields())
    out.append(py::make_tuple(one.name, one.kind, one.length, one.encoder));
  return out;
}

py::dict index_card(const SearchIndex& index) {
  const auto& card = index.card();
  py::dict out;
  out["items"] = card.items;
  out["dimension"] = card.dimension;
  out["distance"] = card.distance;
  out["model_name"] = card.model_name;
  out["model_fingerprint"] = card.model_fingerprint;
  out["model_folder"] = py::bytes(card.model_folder);
  out["and_mirror"] = card.and_mirror;
  out["columns"] = card.columns;
  return out;
}

/// What stands in an index may be a path that is no text.
py::object text_of(const std::string& bytes) {
  auto* text = PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "surrogateescape");
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(text);
}

py::list neighbours_of(const std::vector<IndexNeighbour>& found) {
  py::list out;
  for (const auto& one : found)
    out.append(py::make_tuple(text_of(one.id), text_of(one.path), text_of(one.class_name), one.label,
                              one.distance, text_of(one.columns)));
  return out;
}

py::list search(const SearchIndex& index, const Floats& embeddings, const kindred::IndexWish& wish) {
  const auto numbers = values_of(embeddings);
  std::vector<std::vector<IndexNeighbour>> found;
  {
    const py::gil_scoped_release unlocked;
    found = index.search(numbers, wish);
  }
  py::list out;
  for (const auto& one : found) out.append(neighbours_of(one));
  return out;
}

/// The id is bytes, since it may be a path that is no text.
py::list like(const SearchIndex& index, const py::bytes& bytes, const kindred::IndexWish& wish) {
  const std::string id = bytes;
  std::vector<IndexNeighbour> found;
  {
    const py::gil_scoped_release unlocked;
    found = index.like(id, wish);
  }
  return neighbours_of(found);
}

/// kindred::Error becomes kindred.Error.
void translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const kindred::Error& error) {
    const auto message = message_text(error.what());
    PyErr_SetObject(py::module_::import("kindred._error").attr("Error").ptr(), message.ptr());
  }
}

void declare_inputs(py::module_& module) {
  py::class_<Input>(module, "Input")
      .def_static("file", [](const py::bytes& path) { return Input::file(path); })
      .def_static("encoded", [](const py::bytes& content) { return Input::bytes(content); })
      .def_static("image",
                  [](const Bytes& rgb) { return Input::image(rgb.data(), rgb.shape(0), rgb.shape(1)); })
      .def_static("text", [](std::string text) { return Input::text(std::move(text)); })
      .def_static("vector", [](const Floats& numbers) { return Input::vector(values_of(numbers)); })
      .def_static("record", [](std::vector<std::pair<std::string, Input>> fields) {
        return Input::record(std::move(fields));
      });
}

}  // namespace

PYBIND11_MODULE(_native, module) {
  py::register_exception_translator(&translate);
  declare_inputs(module);
  py::class_<SimilarityModel>(module, "Model")
      .def_static("load",
                  [](const py::bytes& folder, const std::vector<py::bytes>& plugin_folders,
                     std::string device, int64_t batch_size, int64_t threads) {
                    return load_model(folder, paths_of(plugin_folders), std::move(device), batch_size,
                                      threads);
                  })
      .def("encode", &encode)
      .def("dimension", &SimilarityModel::dimension)
      .def("fields", &fields_of)
      .def("card", &card_of)
      .def("fingerprint", &SimilarityModel::fingerprint, Unlocked());
  py::class_<kindred::IndexWish>(module, "Wish")
      .def(py::init([](int64_t k, std::string where, std::string group_by, bool exact,
                       std::vector<std::string> rerank) {
        return kindred::IndexWish{k, std::move(where), std::move(group_by), exact, std::move(rerank)};
      }));
  py::class_<SearchIndex>(module, "Index")
      .def_static("open",
                  [](const py::bytes& folder, const std::vector<py::bytes>& plugin_folders) {
                    const std::string path = folder;
                    const auto folders = paths_of(plugin_folders);
                    const py::gil_scoped_release unlocked;
                    const std::lock_guard<std::mutex> one_at_a_time(loading());
                    return SearchIndex::open(path, folders);
                  })
      .def("search", &search)
      .def("like", &like)
      .def("card", &index_card)
      .def("is_current", &SearchIndex::is_current, Unlocked());
}
