#pragma once

#include <string>

#include "host/base/context.hpp"
#include "host/index/index_folder.hpp"
#include "host/index/index_writer.hpp"

namespace kindred::host {

/// Copies the items of an index that are not removed into `target`, which is an index of the same space, or
/// one that is whitened later, and gets the rows as they are stored. What is committed stays where this ends
/// early. Throws Error where they are of other models or stored otherwise, or where an id is there already,
/// and Interrupted.
void copy_items(const std::string& from, IndexWriter& target, Context& context);

/// Throws Error that says what differs unless rows of both can lie in one index.
void check_same_space(const std::string& a, const IndexSpace& space_a, const std::string& b,
                      const IndexSpace& space_b);

/// The same of two indexes whose rows may be whitened, which has to be by the same whitening, and done.
void check_can_join(const IndexFolder& a, const IndexFolder& b);

}  // namespace kindred::host
