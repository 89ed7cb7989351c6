#include "flat_rows.hpp"

#include <faiss/utils/utils.h>

#include <memory>
#include <string>
#include <typeinfo>
#include <utility>

// One body, compiled for several instruction sets and chosen when the plugin is loaded.
#if defined(__x86_64__) && !defined(__clang__)
#define KINDRED_ROW_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KINDRED_ROW_CLONES
#endif

namespace kindred {
namespace {

constexpr int64_t kLanes = 32;  // sums of their own, which the compiler keeps in vectors

/// The sum of the lanes, by halves, so that it is one of vectors, too.
template <int64_t Lanes>
inline __attribute__((always_inline)) float total(float* sums) {
  if constexpr (Lanes == 1) {
    return sums[0];
  } else {
    for (int64_t lane = 0; lane < Lanes / 2; ++lane) sums[lane] += sums[lane + Lanes / 2];
    return total<Lanes / 2>(sums);
  }
}

/// What FAISS asks for distances between one query and rows.
class RowComparison final : public faiss::FlatCodesDistanceComputer {
 public:
  explicit RowComparison(const FlatRows& rows)
      : FlatCodesDistanceComputer(rows.codes.data(), rows.code_size),
        dimension_(rows.d),
        compare_(rows.metric_type == faiss::METRIC_INNER_PRODUCT ? &inner_product : &squared_distance) {}
  void set_query(const float* query) override { query_ = query; }
  float distance_to_code(const uint8_t* code) override {
    return compare_(query_, reinterpret_cast<const float*>(code), dimension_);
  }
  float symmetric_dis(int64_t a, int64_t b) override { return compare_(row(a), row(b), dimension_); }

 private:
  const float* row(int64_t number) const {
    return reinterpret_cast<const float*>(codes + static_cast<size_t>(number) * code_size);
  }
  const float* query_ = nullptr;
  int64_t dimension_;
  float (*compare_)(const float*, const float*, int64_t);
};

bool faiss_has_instruction_set() {
  const auto options = faiss::get_compile_options();
  for (const char* name : {"AVX", "NEON", "SVE"}) {
    if (options.find(name) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

KINDRED_ROW_CLONES
float inner_product(const float* a, const float* b, int64_t dimension) {
  float sums[kLanes] = {};
  int64_t d = 0;
  for (; d + kLanes <= dimension; d += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[d + lane] * b[d + lane];
  }
  float sum = 0;
  for (; d < dimension; ++d) sum += a[d] * b[d];
  return sum + total<kLanes>(sums);
}

KINDRED_ROW_CLONES
float squared_distance(const float* a, const float* b, int64_t dimension) {
  float sums[kLanes] = {};
  int64_t d = 0;
  for (; d + kLanes <= dimension; d += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const float difference = a[d + lane] - b[d + lane];
      sums[lane] += difference * difference;
    }
  }
  float sum = 0;
  for (; d < dimension; ++d) sum += (a[d] - b[d]) * (a[d] - b[d]);
  return sum + total<kLanes>(sums);
}

faiss::FlatCodesDistanceComputer* FlatRows::get_FlatCodesDistanceComputer() const {
  return new RowComparison(*this);
}

faiss::Index* quick_rows(faiss::Index* rows) {
  auto& flat = *rows;
  const bool is_plain = typeid(flat) == typeid(faiss::IndexFlat) ||
                        typeid(flat) == typeid(faiss::IndexFlatL2) ||
                        typeid(flat) == typeid(faiss::IndexFlatIP);
  if (!is_plain || faiss_has_instruction_set()) return rows;
  const std::unique_ptr<faiss::IndexFlat> old(static_cast<faiss::IndexFlat*>(rows));
  auto quick = std::make_unique<FlatRows>(old->d, old->metric_type);
  quick->codes = std::move(old->codes);
  quick->ntotal = old->ntotal;
  return quick.release();
}

}  // namespace kindred
