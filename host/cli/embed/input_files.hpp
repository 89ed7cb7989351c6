#pragma once

#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/data/decoders.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// What `host embed` is given, as files in the order given: a folder stands for the files in it and below it,
/// sorted by path, whose endings are those of `kind`; "-" for the lines of the standard input. Where the
/// model reads texts, these lines are texts themselves and "-" stays. Links are followed, and what systems
/// leave beside files is left out, as datasets do (kindred/io/folder.hpp); links that lead nowhere and
/// pictures that nothing decodes are warned of. Throws Error.
std::vector<std::string> expand_paths(const std::vector<std::string>& given, ObjectKind kind,
                                      const Decoders& decoders, Context& context);

/// Says in a hash what the files are now; a file that changes is another input.
std::string stamp_of(const std::vector<std::string>& files);

/// Warns of all files that are not there, before anything is computed: what is there is embedded all the
/// same. Throws Error where none is.
void check_present(const std::vector<std::string>& files, Context& context);

}  // namespace kindred::host
