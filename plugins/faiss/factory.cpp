#include "factory.hpp"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/FaissException.h>
#include <faiss/index_factory.h>

#include <algorithm>
#include <exception>
#include <typeinfo>

#include "flat_rows.hpp"
#include "kindred/error.hpp"

namespace kindred {
namespace {

constexpr const char* kSearched =
    "take Flat, SQ4, SQ6, SQ8, SQfp16, PQ or PQ..x4fs, alone, behind IVF, or with HNSW, and OPQ, PCA, RR or "
    "L2norm before it, such as \"HNSW32\" or \"OPQ16,IVF256,PQ16\"";

template <class... Types>
bool is_one_of(const std::type_info& type) {
  return ((type == typeid(Types)) || ...);
}

/// Of FAISS's classes those whose files are checked. A class that derives from one of them is another.
bool is_searched(const faiss::Index& index) {
  return is_one_of<FlatRows, faiss::IndexFlat, faiss::IndexFlatL2, faiss::IndexFlatIP,
                   faiss::IndexScalarQuantizer, faiss::IndexPQ, faiss::IndexPQFastScan, faiss::IndexHNSWFlat,
                   faiss::IndexHNSWSQ, faiss::IndexHNSWPQ, faiss::IndexIVFFlat,
                   faiss::IndexIVFScalarQuantizer, faiss::IndexIVFPQ, faiss::IndexIVFPQFastScan,
                   faiss::IndexPreTransform>(typeid(index));
}

/// Calls `visit` for the index and all that it consists of.
template <class Visit>
void for_each_part(faiss::Index& index, const Visit& visit) {
  visit(index);
  if (auto* transformed = dynamic_cast<faiss::IndexPreTransform*>(&index))
    for_each_part(*transformed->index, visit);
  if (auto* graph = dynamic_cast<faiss::IndexHNSW*>(&index)) for_each_part(*graph->storage, visit);
  if (auto* lists = dynamic_cast<faiss::IndexIVF*>(&index)) for_each_part(*lists->quantizer, visit);
}

/// FAISS warns on standard error of fewer rows than 39 for a centroid, where the host measures what is found.
/// And it takes minutes to number centroids for a search by Hamming distances, which is not done here. Lists
/// of millions of rows learn from 64 for a centroid: from 256, as FAISS would, it takes four times as long.
void learn_what_is_used(faiss::Index& index) {
  for_each_part(index, [](faiss::Index& part) {
    if (auto* lists = dynamic_cast<faiss::IndexIVF*>(&part)) {
      lists->cp.min_points_per_centroid = 1;
      lists->cp.max_points_per_centroid = 64;
    }
    if (auto* codes = dynamic_cast<faiss::IndexPQ*>(&part)) {
      codes->pq.cp.min_points_per_centroid = 1;
      codes->do_polysemous_training = false;
    }
    if (auto* codes = dynamic_cast<faiss::IndexIVFPQ*>(&part)) {
      codes->pq.cp.min_points_per_centroid = 1;
      codes->do_polysemous_training = false;
    }
    if (auto* codes = dynamic_cast<faiss::IndexPQFastScan*>(&part)) codes->pq.cp.min_points_per_centroid = 1;
    if (auto* codes = dynamic_cast<faiss::IndexIVFPQFastScan*>(&part))
      codes->pq.cp.min_points_per_centroid = 1;
  });
}

}  // namespace

std::unique_ptr<faiss::Index> make_faiss_index(const std::string& factory, int64_t dimension,
                                               bool inner_product) {
  const auto metric = inner_product ? faiss::METRIC_INNER_PRODUCT : faiss::METRIC_L2;
  std::unique_ptr<faiss::Index> index;
  try {
    index.reset(faiss::index_factory(static_cast<int>(dimension), factory.c_str(), metric));
  } catch (const std::exception& error) {
    throw Error("factory \"" + factory + "\" is none that FAISS makes an index for rows of " +
                std::to_string(dimension) + " numbers of: " + error.what() + "; " + kSearched);
  }
  bool searched = true, by_metric = true;
  for_each_part(*index, [&](faiss::Index& part) {
    searched = searched && is_searched(part);
    by_metric = by_metric && part.metric_type == metric;
  });
  if (!searched)
    throw Error("factory \"" + factory + "\" makes a type of FAISS that is not searched here; " + kSearched);
  // Some types, such as HNSW over PQ in 1.7.3, are made for Euclidean distances whatever was asked for.
  if (!by_metric)
    throw Error("factory \"" + factory +
                "\" of this FAISS knows no inner products, which cosine and dot are " +
                "searched by; take another, such as \"HNSW32\"");
  learn_what_is_used(*index);
  use_quick_rows(*index);
  return index;
}

void use_quick_rows(faiss::Index& index) {
  for_each_part(index, [](faiss::Index& part) {
    auto* graph = dynamic_cast<faiss::IndexHNSW*>(&part);
    if (graph != nullptr && graph->own_fields) graph->storage = quick_rows(graph->storage);
  });
}

void set_widths(faiss::Index& index, const FaissWidths& widths) {
  for_each_part(index, [&](faiss::Index& part) {
    if (!is_searched(part)) throw Error(std::string(typeid(part).name()) + " of FAISS is not searched here");
    if (auto* graph = dynamic_cast<faiss::IndexHNSW*>(&part)) {
      graph->hnsw.efConstruction = static_cast<int>(widths.ef_construction);
      graph->hnsw.efSearch = static_cast<int>(widths.ef_search);
    }
    if (auto* lists = dynamic_cast<faiss::IndexIVF*>(&part))
      lists->nprobe = std::min(lists->nlist, static_cast<size_t>(widths.nprobe));
  });
}

int64_t rows_needed(faiss::Index& index) {
  int64_t most = 1;
  const auto need = [&](size_t rows) { most = std::max(most, static_cast<int64_t>(rows)); };
  for_each_part(index, [&](faiss::Index& part) {
    if (part.is_trained) return;
    if (auto* lists = dynamic_cast<faiss::IndexIVF*>(&part)) need(lists->nlist);
    if (auto* codes = dynamic_cast<faiss::IndexPQ*>(&part)) need(codes->pq.ksub);
    if (auto* codes = dynamic_cast<faiss::IndexPQFastScan*>(&part)) need(codes->pq.ksub);
    if (auto* codes = dynamic_cast<faiss::IndexIVFPQ*>(&part)) need(codes->pq.ksub);
    if (auto* codes = dynamic_cast<faiss::IndexIVFPQFastScan*>(&part)) need(codes->pq.ksub);
    if (auto* transformed = dynamic_cast<faiss::IndexPreTransform*>(&part)) {
      for (const auto* step : transformed->chain) {
        if (step->is_trained) continue;
        need(static_cast<size_t>(step->d_out));
        // OPQ learns the codes of its parts while it turns the rows.
        if (dynamic_cast<const faiss::OPQMatrix*>(step) != nullptr) need(256);
      }
    }
  });
  return most;
}

}  // namespace kindred
