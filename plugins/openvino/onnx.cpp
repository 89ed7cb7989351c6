#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "kindred/encoder.hpp"
#include "kindred/error.hpp"
#include "kindred/io/network_converter.hpp"
#include "kindred/plugin.hpp"
#include "network_file.hpp"

namespace kindred {
namespace {

/// How an output of several places for each sample becomes one row.
enum class OutputPooling { none, cls, mean };

/// A frozen network of an ONNX file.
class OnnxEncoder final : public Encoder, public NetworkConverter {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"onnxruntime", "openvino", "OnnxModule", "InferenceSession"};
  struct Params {
    std::string module, bin, output;
    OutputPooling pooling = OutputPooling::none;
    int64_t probe_size = 224;
    static void describe(Schema<Params>& schema) {
      schema.field("module", &Params::module)
          .doc(
              "An ONNX file with one input, pictures (B, 3, H, W) or (B, H, W, 3), or vectors (B, N); or the "
              ".xml of "
              "OpenVINO's own format.")
          .resource()
          .example("\"encoder.onnx\"")
          .required();
      schema.field("bin", &Params::bin).doc("The weights that belong to an .xml.").resource();
      schema.field("output", &Params::output)
          .doc("Name of the output that is the embedding; empty: the only output, or the only one (B, D).");
      schema.field("pooling", &Params::pooling)
          .doc(
              "What becomes of an output with several places for each sample: cls takes the first of "
              "tokens (B, T, "
              "D), which is the class token of many networks; mean takes the mean of tokens, or over H and W "
              "of maps "
              "(B, D, H, W).")
          .one_of({"none", "cls", "mean"});
      schema.field("probe_size", &Params::probe_size)
          .doc("Side of the blank picture that finds D, where the file leaves the size open.")
          .unit("px")
          .range(1, 4096);
    }
  };

  explicit OnnxEncoder(const Params& params)
      : module_(params.module),
        pooling_(params.pooling),
        network_(NetworkFile::Source{params.module, params.bin, params.output}) {
    at::NoGradGuard no_grad;
    const auto sizes = network_.input_sizes();
    reads_pictures_ = sizes.size() == 4;
    channels_last_ = reads_pictures_ && sizes[1] != 3 && sizes[3] == 3;
    if (!(sizes.size() == 2 && sizes[1] > 0) &&
        !(reads_pictures_ && (channels_last_ || sizes[1] == 3 || sizes[1] < 0))) {
      throw Error(module_ + " takes " + sizes_text(sizes) +
                  "; expected pictures (B, 3, H, W) or (B, H, W, 3), or vectors (B, N)");
    }
    auto probe = sizes;
    probe[0] = 1;
    for (auto& one : probe) one = one < 0 ? params.probe_size : one;
    if (reads_pictures_) probe[channels_last_ ? 3 : 1] = 3;
    dimension_ = pooled(network_.run(at::zeros(probe, at::kFloat))).size(1);
    if (network_.fixed_batch() > 0) {
      notes_.push_back(module_ + " takes batches of " + std::to_string(network_.fixed_batch()) +
                       " and no others, which is slow; export it with a dynamic batch");
    }
  }

  ObjectKind object_kind() const override { return reads_pictures_ ? ObjectKind::image : ObjectKind::vector; }
  int64_t dimension() const override { return dimension_; }
  std::vector<std::string> notes() const override { return notes_; }
  std::vector<NamedTensor> parameters() override { return {}; }
  std::vector<NamedTensor> buffers() override { return {}; }
  void train(bool) override {}
  void convert_network(const std::string& file, const std::string& target) const override {
    save_network({file, "", ""}, target);
  }

  at::Tensor prepare(const Batch& batch, at::ScalarType dtype) const override {
    if (!reads_pictures_) return batch.data;
    const auto pictures = normalized_images(batch, dtype);
    return (channels_last_ ? pictures.permute({0, 2, 3, 1}) : pictures).contiguous();
  }

  at::Tensor run_stages(const at::Tensor& input, int64_t, int64_t) override {
    const auto& sizes = network_.input_sizes();
    for (size_t i = 1; i < sizes.size(); ++i) {
      if (sizes[i] < 0 || input.size(static_cast<int64_t>(i)) == sizes[i]) continue;
      throw Error(module_ + " takes samples of " + sizes_text(at::IntArrayRef(sizes).slice(1)) + ", got " +
                  sizes_text(input.sizes().slice(1)) + "; " +
                  (reads_pictures_ ? "add a resize to data.transforms" : "give vectors of that length"));
    }
    if (input.size(0) == 0) return at::empty({0, dimension_}, input.options());
    return pooled(network_.run(input.detach().cpu().contiguous())).to(input.device());
  }

 private:
  at::Tensor pooled(const at::Tensor& out) const {
    if (out.dim() == 2) return out;
    const bool are_tokens = out.dim() == 3;
    if (pooling_ == OutputPooling::cls && are_tokens) return out.select(1, 0).contiguous();
    if (pooling_ == OutputPooling::mean && are_tokens) return out.mean(1);
    if (pooling_ == OutputPooling::mean && out.dim() == 4) return out.mean(at::IntArrayRef{2, 3});
    const auto* choice = are_tokens       ? "\"pooling\" to cls or mean, or "
                         : out.dim() == 4 ? "\"pooling\" to mean, or "
                                          : "";
    throw Error(module_ + " gives " + sizes_text(out.sizes().slice(1)) +
                " for a sample, expected D numbers; set " + choice + "\"output\" to another one");
  }

  std::string module_;
  OutputPooling pooling_;
  NetworkFile network_;
  bool reads_pictures_ = true, channels_last_ = false;
  int64_t dimension_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace
KINDRED_COMPONENT(Encoder, OnnxEncoder, "kindred.onnx", "1.1.0", "A frozen network of an ONNX file");
}  // namespace kindred
