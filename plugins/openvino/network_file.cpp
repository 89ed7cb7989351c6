#include "network_file.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <openvino/core/graph_util.hpp>
#include <openvino/core/preprocess/pre_post_process.hpp>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/properties.hpp>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred {
namespace {

/// Its plugins for kinds of files and processors are loaded once.
ov::Core& core() {
  static ov::Core made;
  return made;
}

/// The last line of OpenVINO's message, which says what happened; those before it say where in its code.
std::string what_happened(const std::exception& error) {
  std::string text = error.what();
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const auto end = text.rfind('\n');
  return end == std::string::npos ? text : text.substr(end + 1);
}

template <class Port>
std::string name_of(const Port& port) {
  return port.get_names().empty() ? "without a name" : *port.get_names().begin();
}

template <class Ports>
std::string described(const Ports& ports) {
  std::string text;
  for (const auto& one : ports) {
    text += (text.empty() ? "" : ", ") + name_of(one) + " " + one.get_element_type().get_type_name() + " " +
            one.get_partial_shape().to_string();
  }
  return text;
}

bool is_xml(const std::string& path) {
  const std::string end = ".xml";
  return path.size() > end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0;
}

/// Read from memory: a file that keeps its weights in others beside it would not be found again in a
/// servable.
std::shared_ptr<ov::Model> read(const NetworkFile::Source& source) {
  if (is_xml(source.module) != !source.bin.empty()) {
    throw Error(source.bin.empty() ? source.module +
                                         " is of OpenVINO's own format, whose weights are in another file; "
                                         "say which with \"bin\""
                                   : "\"bin\" is " + source.bin + ", but " + source.module +
                                         " holds its weights itself; leave \"bin\" out");
  }
  const auto text = read_file(source.module);
  try {
    if (source.bin.empty()) return core().read_model(text, ov::Tensor());
    const auto bytes = read_file(source.bin);
    ov::Tensor weights(ov::element::u8, {bytes.size()});
    std::copy(bytes.begin(), bytes.end(), static_cast<char*>(weights.data()));
    return core().read_model(text, weights);
  } catch (const std::exception& error) {
    throw Error(source.module +
                " is no network that OpenVINO reads, or keeps its weights in another file; expected "
                "an ONNX file that holds all of it (" +
                what_happened(error) + ")");
  }
}

ov::Output<ov::Node> chosen_output(ov::Model& model, const NetworkFile::Source& source) {
  const auto all = model.outputs();
  std::vector<ov::Output<ov::Node>> fitting;
  for (const auto& one : all) {
    const auto rank = one.get_partial_shape().rank();
    const bool fits =
        source.output.empty() ? all.size() == 1 || rank == 2 : one.get_names().count(source.output) > 0;
    if (fits) fitting.push_back(one);
  }
  if (fitting.size() == 1) return fitting.front();
  const auto asked = source.output.empty() ? source.module + " has no single output (B, D)"
                                           : source.module + " has no output \"" + source.output + "\"";
  throw Error(asked + "; set \"output\" to one of: " + described(all));
}

/// The model with one output, float32 in and out.
std::shared_ptr<ov::Model> prepared(const NetworkFile::Source& source) {
  const auto whole = read(source);
  const auto inputs = whole->inputs();
  const bool is_usable = inputs.size() == 1 && inputs[0].get_element_type().is_real() &&
                         inputs[0].get_partial_shape().rank().is_static();
  if (!is_usable) {
    throw Error(source.module + " takes " + described(inputs) +
                "; expected one input of numbers, pictures (B, 3, H, W) or vectors (B, N)");
  }
  const auto output = chosen_output(*whole, source);
  const auto model = std::make_shared<ov::Model>(ov::OutputVector{output.get_node()->input_value(0)},
                                                 whole->get_parameters());
  ov::preprocess::PrePostProcessor types(model);
  types.input().tensor().set_element_type(ov::element::f32);
  types.output().tensor().set_element_type(ov::element::f32);
  return types.build();
}

/// With batches of any size, where the file allows it: some store the size that they were exported with in
/// operators, too.
std::shared_ptr<ov::Model> with_any_batch(const std::shared_ptr<ov::Model>& model) {
  auto sizes = model->input().get_partial_shape();
  if (sizes[0].is_dynamic()) return model;
  sizes[0] = ov::Dimension::dynamic();
  const auto changed = model->clone();
  try {
    changed->reshape(sizes);
  } catch (const std::exception&) {
    return model;
  }
  const auto made = changed->output().get_partial_shape();
  return made.rank().is_static() && made.size() > 0 && made[0].is_dynamic() ? changed : model;
}

}  // namespace

std::string sizes_text(at::IntArrayRef sizes) {
  std::string text;
  for (const auto one : sizes) text += (text.empty() ? "" : " x ") + (one < 0 ? "any" : std::to_string(one));
  return text;
}

struct NetworkFile::Compiled {
  std::string module;
  std::vector<int64_t> input_sizes;
  int64_t fixed_batch = 0;
  ov::InferRequest request;

  at::Tensor run(const at::Tensor& x) {
    try {
      const auto sizes = x.sizes();
      // OpenVINO only reads it.
      request.set_input_tensor(
          ov::Tensor(ov::element::f32, ov::Shape(sizes.begin(), sizes.end()), x.data_ptr<float>()));
      request.infer();
    } catch (const std::exception& error) {
      throw Error(module + " cannot compute samples of " + sizes_text(x.sizes().slice(1)) + ": " +
                  what_happened(error));
    }
    auto out = request.get_output_tensor();
    const auto shape = out.get_shape();
    const std::vector<int64_t> sizes(shape.begin(), shape.end());
    if (sizes.empty() || sizes[0] != x.size(0)) {
      throw Error(module + " gives " + sizes_text(sizes) + " for a batch of " + std::to_string(x.size(0)) +
                  "; expected a row for each sample");
    }
    return at::from_blob(out.data<float>(), sizes, at::kFloat).clone();
  }
};

NetworkFile::NetworkFile(const Source& source) : compiled_(std::make_unique<Compiled>()) {
  const auto model = with_any_batch(prepared(source));
  compiled_->module = source.module;
  for (const auto& one : model->input().get_partial_shape())
    compiled_->input_sizes.push_back(one.is_static() ? one.get_length() : -1);
  compiled_->fixed_batch = std::max<int64_t>(compiled_->input_sizes.at(0), 0);
  try {
    // Where a processor has bfloat16, OpenVINO would compute in it unasked.
    compiled_->request =
        core()
            .compile_model(model, "CPU", ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
                           ov::hint::inference_precision(ov::element::f32),
                           ov::inference_num_threads(at::get_num_threads()))
            .create_infer_request();
  } catch (const std::exception& error) {
    throw Error(source.module + " has something that OpenVINO does not compute: " + what_happened(error));
  }
}

NetworkFile::~NetworkFile() = default;

const std::vector<int64_t>& NetworkFile::input_sizes() const { return compiled_->input_sizes; }
int64_t NetworkFile::fixed_batch() const { return compiled_->fixed_batch; }

at::Tensor NetworkFile::run(const at::Tensor& x) {
  const auto batch = compiled_->fixed_batch;
  if (batch == 0) return compiled_->run(x);
  auto filled_up = x.sizes().vec();
  filled_up[0] = (batch - x.size(0) % batch) % batch;
  std::vector<at::Tensor> parts;
  for (const auto& part : at::cat({x, at::zeros(filled_up, x.options())}).split(batch))
    parts.push_back(compiled_->run(part));
  return at::cat(parts).slice(0, 0, x.size(0));
}

void save_network(const NetworkFile::Source& source, const std::string& xml) {
  const auto model = read(source);
  try {
    ov::save_model(model, xml, false);
  } catch (const std::exception& error) {
    throw Error("OpenVINO cannot write " + xml + " (" + what_happened(error) + ")");
  }
}

}  // namespace kindred
