#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/exchange/exchange.hpp"
#include "host/exchange/index_source.hpp"

namespace kindred::host {

/// A way to hand items to another program, or to take them from it.
struct ExchangeFormat {
  const char* name;   ///< as --to and --from have it
  const char* place;  ///< what --output means for it, such as "FILE.npy" or "URL"
  /// Says why this build cannot do it, and how one can; "" where it can.
  std::string (*missing)();
  /// Writes all items. Throws Error, also for parameters that the format does not know, and Interrupted.
  Exported (*write)(IndexSource& source, const ExchangeRequest& request);
  /// Null where rows and ids cannot come back. Throws Error.
  std::unique_ptr<ItemSource> (*read)(const ExchangeRequest& request);
};

/// All formats, whether this build can do them or not.
const std::vector<ExchangeFormat>& exchange_formats();

/// Finds a format that can be used. Throws Error that lists the names, or says why it cannot.
const ExchangeFormat& export_format(const std::string& name);
const ExchangeFormat& import_format(const std::string& name);

}  // namespace kindred::host
