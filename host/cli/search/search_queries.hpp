#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/command_line.hpp"
#include "host/data/decoders.hpp"
#include "host/index/index_folder.hpp"
#include "host/inference/inference_model.hpp"
#include "host/item_search/item_search.hpp"

namespace kindred::host {

/// Makes queries of a command line: of pictures, texts and vectors by the model of the index, of ids by its
/// rows, and of arrays of embeddings as they are.
class SearchQueries {
 public:
  SearchQueries(const CommandLine& command, const Catalog& catalog, const IndexFolder& index)
      : command_(command), catalog_(catalog), index_(index) {}

  /// The queries in the order given: QUERY, --id, --embeddings; one of all of them with --combine. Throws
  /// Error that names an input that cannot be read, an id that is not there, or a model that is not the
  /// index's; UsageError where there is no query.
  std::vector<SearchQuery> all();

  /// How long the model took to load and the inputs to encode; zero where neither was needed.
  double model_seconds() const { return model_seconds_; }
  double encode_seconds() const { return encode_seconds_; }

 private:
  std::vector<SearchQuery> encoded(const std::vector<std::string>& inputs);
  std::vector<SearchQuery> of_ids() const;
  std::vector<SearchQuery> of_arrays() const;
  void load_model();

  const CommandLine& command_;
  const Catalog& catalog_;
  const IndexFolder& index_;
  std::optional<InferenceModel> model_;
  Decoders decoders_;
  double model_seconds_ = 0, encode_seconds_ = 0;
};

}  // namespace kindred::host
