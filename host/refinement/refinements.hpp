#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kindred/params.hpp"

namespace kindred::host {

/// `alpha_qe`: see query_expansion.hpp.
struct QueryExpansion {
  int64_t k = 5;     ///< nearest rows that are added to the query
  double alpha = 3;  ///< power of the similarity by which each counts; 0: all count alike
  static void describe(Schema<QueryExpansion>& schema);
};

/// `k_reciprocal`: see k_reciprocal.hpp.
struct KReciprocal {
  int64_t k1 = 20;      ///< nearest rows among which reciprocal ones are looked for
  int64_t k2 = 6;       ///< nearest rows over which their encodings are averaged
  double lambda = 0.3;  ///< how much the plain distance counts beside the Jaccard distance
  int64_t depth = 200;  ///< nearest rows that are ordered anew
  static void describe(Schema<KReciprocal>& schema);
};

/// `int8` and `binary`: see codes.hpp.
struct CodeOptions {
  int64_t rescore = 100;  ///< rows nearest by their codes whose stored rows are compared; 0: none
  static void describe(Schema<CodeOptions>& schema);
};

enum class CodeKind { none, int8, binary };

/// What is done to embeddings and rankings, in this order: rows and queries are cut, then whitened; rows
/// become codes, and the nearest by code are compared again; the query is expanded by what it found, and
/// searches again; the nearest rows are ordered by their reciprocal neighbours.
struct Refinements {
  int64_t cut = 0;     ///< the first numbers of an embedding that are kept; 0: all
  int64_t whiten = 0;  ///< the directions that whitening keeps; 0: no whitening
  CodeKind codes = CodeKind::none;
  CodeOptions code_options{};
  std::optional<QueryExpansion> expansion{};
  std::optional<KReciprocal> reciprocal{};

  bool any() const;
  /// Says whether rows are changed, so that the index holds others than the model gives.
  bool change_rows() const { return cut > 0 || whiten > 0; }
};

/// As a command line gives them. 0 and "" are what was not given.
struct RefinementTexts {
  int64_t cut = 0, whiten = 0;
  std::string codes;                ///< "int8", "binary:rescore=200"
  std::vector<std::string> rerank;  ///< "alpha_qe:k=5,alpha=3", "k_reciprocal"
};

/// Throws Error that names the option, what is wrong in it and what there is.
Refinements read_refinements(const RefinementTexts& texts);

/// {"cut": 64, "alpha_qe": {"k": 5, "alpha": 3.0}}: what is done, with every parameter.
nlohmann::json refinements_json(const Refinements& refinements);

/// "cut 64, alpha_qe:k=5,alpha=3.0": the same for a person.
std::string refinements_text(const Refinements& refinements);

}  // namespace kindred::host
