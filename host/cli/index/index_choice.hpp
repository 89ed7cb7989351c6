#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/cli/command_line.hpp"
#include "host/index/choose.hpp"
#include "host/index/index_writer.hpp"

namespace kindred::host {

/// What a command line says of the component of an index: nothing, "auto", or a name.
class ComponentChoice {
 public:
  /// Throws UsageError.
  explicit ComponentChoice(const CommandLine& command);
  /// Throws UsageError where the catalogue has no such component, or it knows no such parameters: asked
  /// before anything is computed.
  void check(const Catalog& catalog) const;

  /// What the index shall have, with a sentence that says why: what was asked for; else what was asked for
  /// earlier; else what suits its rows as they are now. Throws UsageError.
  IndexChoice chosen(const IndexWriter& writer, const Catalog& catalog) const;

  /// Builds it, notes whether it was asked for, says why it is this one, and measures what it finds. Returns
  /// what --json prints of it.
  nlohmann::json build(IndexWriter& writer, const Catalog& catalog, Context& context) const;

  /// Drops the rows of removed items, and builds it over the others; else as build().
  nlohmann::json compact(IndexWriter& writer, const Catalog& catalog, Context& context) const;

  /// After rows were added: builds exact search over all of them, which costs nothing; of what would cost it
  /// says how it is done.
  void follow(IndexWriter& writer, const Catalog& catalog, Context& context) const;

  /// The note of an index that says whether its component was asked for.
  static constexpr const char* kNote = "choice";

 private:
  nlohmann::json finished(IndexWriter& writer, const IndexChoice& choice, const Catalog& catalog,
                          Context& context) const;
  bool is_auto() const { return name_.empty() || name_ == "auto"; }
  IndexChoice automatic(const IndexWriter& writer, const Catalog& catalog) const;

  std::string name_;  ///< "": none was given
  nlohmann::json params_ = nlohmann::json::object();
  int64_t oversample_ = 1;
  double latency_ = 0;
  int64_t memory_bytes_ = 0;
};

/// Makes components of a catalogue. Throws Error that names the component which is not there.
MakeIndex index_maker(const Catalog& catalog);

/// Bytes of a text such as "4GB", "512MiB" or "1000"; seconds of one such as "10ms" or "0.5s". Throw
/// UsageError that names `option`.
int64_t bytes_of_text(const std::string& text, const std::string& option);
double seconds_of_text(const std::string& text, const std::string& option);

}  // namespace kindred::host
