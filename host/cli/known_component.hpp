#pragma once

#include <string>

namespace kindred::host {

class Catalog;

/// Throws UsageError where `id`, unless empty, is the name of no component of `kind`, or of any kind when
/// that is empty; and where there is no component of `kind` at all.
void check_known(const Catalog& catalog, const std::string& id, const std::string& kind);

}  // namespace kindred::host
