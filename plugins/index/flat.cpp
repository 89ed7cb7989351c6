#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "kindred/error.hpp"
#include "kindred/exact_search.hpp"
#include "kindred/index.hpp"
#include "kindred/plugin.hpp"
#include "row_codes.hpp"

namespace kindred {
namespace {

/// Compares each query with every row. With codes, the comparison is of estimates, and the rows that come out
/// of it are compared once more.
class Flat final : public Index {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"IndexFlatL2", "IndexFlatIP", "IndexFlat", "BFIndex",
                                                 "brute_force"};
  struct Params {
    enum class Codes { stored, int8, binary } codes = Codes::stored;
    int64_t oversample = 4;
    enum class Place { cpu, cuda } device = Place::cpu;
    static void describe(Schema<Params>& schema) {
      schema.field("codes", &Params::codes)
          .doc(
              "What is compared: the stored rows, one int8 for each of their numbers, or one bit, which take "
              "a "
              "half and a sixteenth of the memory of float16 and are not exact.")
          .one_of({"stored", "int8", "binary"});
      schema.field("oversample", &Params::oversample)
          .doc(
              "How many times k rows the codes choose, of which the stored rows choose k; bits need more "
              "than "
              "int8, 10 for instance.")
          .range(1, 1000);
      schema.field("device", &Params::device)
          .doc("Where rows are compared. A GPU keeps all of them in its memory.")
          .one_of({"cpu", "cuda"});
    }
  };

  explicit Flat(Params params)
      : params_(params), device_(params.device == Params::Place::cuda ? at::kCUDA : at::kCPU) {
    if (device_.is_cuda() && !at::hasCUDA()) {
      throw Error("device is \"cuda\", and LibTorch found no GPU here; take \"cpu\"");
    }
  }

  bool is_exact() const override { return params_.codes == Params::Codes::stored; }

  void build(std::shared_ptr<const StoredRows> rows, Distance distance) override {
    take(rows, distance, is_exact() ? std::nullopt : std::optional(codes_of(kind(), *rows)));
  }

  void save(const std::string& folder) const override {
    if (codes_) write_codes(folder, *codes_, rows_->dimension());
  }

  void load(const std::string& folder, std::shared_ptr<const StoredRows> rows, Distance distance) override {
    take(rows, distance,
         is_exact() ? std::nullopt
                    : std::optional(read_codes(kind(), folder, rows->size(), rows->dimension())));
  }

  Neighbours search(const at::Tensor& queries, const IndexSearch& request) const override {
    if (is_exact()) return exact_search(*compared_, distance_, queries, request);
    auto more = request;
    more.k = std::min(request.k * params_.oversample, std::max(request.k, rows_->size()));
    return rescored(*rows_, distance_, queries, nearest_rows(*compared_, distance_, queries, more),
                    request.k);
  }

  int64_t memory_bytes() const override { return memory_bytes_; }

 private:
  CodeKind kind() const { return params_.codes == Params::Codes::binary ? CodeKind::binary : CodeKind::int8; }

  void take(std::shared_ptr<const StoredRows> rows, Distance distance, std::optional<RowCodes> codes) {
    rows_ = std::move(rows);
    distance_ = distance;
    codes_ = std::move(codes);
    memory_bytes_ = 0;
    compared_ = rows_;
    if (codes_) {
      const auto coded = std::make_shared<CodedRows>(codes_->to(device_), distance_, rows_->dimension());
      memory_bytes_ = coded->bytes();
      compared_ = coded;
    } else if (device_.is_cuda()) {
      const auto copy = on_device();
      memory_bytes_ = copy.numel() * static_cast<int64_t>(copy.element_size());
      compared_ = std::make_shared<TensorRows>(copy);
    }
  }

  /// The rows in the memory of the device, which are read in parts that the CPU's memory always has room for.
  at::Tensor on_device() const {
    const int64_t count = rows_->size(), step = std::max<int64_t>((1 << 24) / rows_->dimension(), 1);
    auto out = at::empty({count, rows_->dimension()}, rows_->rows(0, 1).options().device(device_));
    for (int64_t first = 0; first < count; first += step) {
      const auto end = std::min(first + step, count);
      out.slice(0, first, end).copy_(rows_->rows(first, end));
    }
    return out;
  }

  Params params_;
  at::Device device_;
  Distance distance_ = Distance::cosine;
  std::shared_ptr<const StoredRows> rows_, compared_;
  std::optional<RowCodes> codes_;
  int64_t memory_bytes_ = 0;
};

}  // namespace
KINDRED_COMPONENT(Index, Flat, "kindred.flat", "1.0.0",
                  "Every row is compared with the query: exact, no training");
}  // namespace kindred
