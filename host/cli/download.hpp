#pragma once

#include <string>

#include "host/base/context.hpp"

namespace kindred::host {

/// A file to fetch.
struct Download {
  std::string url;        ///< http or https; of https no redirection leads to http
  std::string path;       ///< where it goes; its folder is made
  std::string sha256;     ///< what its SHA-256 begins with, in lower case
  long patience_seconds;  ///< how long nothing may come before the connection is given up
};

/// Says whether this build can fetch files.
bool can_download();

/// Fetches a file. What has come is kept beside it as PATH.part and continued, also by a later call. `path`
/// appears when the file is whole and its SHA-256 is right, and not before; a file with another one is
/// removed. A connection that breaks or stalls is tried again as long as something came. Throws Error, and
/// Interrupted.
void fetch(const Download& download, Context& context);

/// The SHA-256 of a file, in hexadecimal. Throws Error; "" where this build has no library for it.
std::string sha256_of(const std::string& path);

}  // namespace kindred::host
