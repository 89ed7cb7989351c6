#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kindred/error.hpp"

/// An index in a program of your own: what `host index` keeps in a folder is searched with embeddings that
/// SimilarityModel gives. Link `Kindred::search` (find_package(Kindred COMPONENTS search)).
///
/// The header needs the standard library alone. The library needs LibTorch when the program runs, where it
/// was when Kindred was built, and the plugin of the index's component.
namespace kindred {

/// An item that was found for a query.
struct IndexNeighbour {
  std::string id;
  std::string path;        ///< of its file; "" where it has none
  std::string class_name;  ///< "" where it has none
  int64_t label = -1;      ///< -1 where it has none
  float distance = 0;      ///< from the query, by IndexCard::distance
  std::string columns;     ///< what else is known of it: a JSON object
};

struct IndexWish {
  int64_t k = 10;                   ///< neighbours of a query
  std::string where;                ///< a condition over the columns, such as "year >= 2010"; "": none
  std::string group_by;             ///< a column of whose values each is found once; "": none
  bool exact = false;               ///< compare with every row, whatever component the index has
  std::vector<std::string> rerank;  ///< as `host search --rerank` takes them, such as "alpha_qe:k=5"
};

/// What the folder says of the index.
struct IndexCard {
  int64_t items = 0;              ///< those that are not removed
  int64_t dimension = 0;          ///< numbers of an embedding that it is searched with
  std::string distance;           ///< by which rows are compared, such as "cosine"
  std::string model_name;         ///< of the model that gave the rows; "" where it is not known
  std::string model_fingerprint;  ///< SimilarityModel::fingerprint() of it; "" likewise
  std::string model_folder;       ///< where it was when the index was built; "" where that is gone
  bool and_mirror = false;        ///< rows are means of pictures and mirror images: encode queries likewise
  std::vector<std::string> columns;  ///< which a condition may name
};

/// An index as its last commit left it when it was opened; items that are removed later are not found. Other
/// processes may change it meanwhile. A program that loads models as well (kindred/inference.hpp) opens both
/// in turn, since both make components of plugins. [open: thread-safe; const methods: thread-safe]
class __attribute__((visibility("default"))) SearchIndex {
 public:
  /// Opens a folder that `host index build` made. `plugin_folders`: see InferenceOptions. Throws Error, which
  /// says what is missing or damaged.
  static SearchIndex open(const std::string& folder, const std::vector<std::string>& plugin_folders = {});

  SearchIndex(SearchIndex&&) noexcept;
  SearchIndex& operator=(SearchIndex&&) noexcept;
  ~SearchIndex();

  /// `embeddings`: float32 (Q, IndexCard::dimension), row after row, as the index's model gives them. Returns
  /// the neighbours of each, the nearest first. Throws Error where the numbers are no embeddings, or the
  /// index cannot do what is wished for.
  std::vector<std::vector<IndexNeighbour>> search(const std::vector<float>& embeddings,
                                                  const IndexWish& wish = {}) const;

  /// The neighbours of an item of the index, which is not among them. Throws Error where there is none of
  /// this id, and as search() does.
  std::vector<IndexNeighbour> like(const std::string& id, const IndexWish& wish = {}) const;

  const IndexCard& card() const;

  /// Says whether nothing was committed since the index was opened; if not, what is opened anew finds more.
  bool is_current() const;

 private:
  struct Impl;
  explicit SearchIndex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kindred
