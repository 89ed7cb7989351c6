#pragma once

#include <string>

#include "kindred/error.hpp"

namespace kindred::host {

/// Another process writes the index at this moment.
class WriterBusy : public Error {
 public:
  using Error::Error;
};

/// The right to write an index, which one process has at a time. It goes with the object, and with the
/// process, however that ends.
class WriterLock {
 public:
  /// Takes it at once, or throws WriterBusy that says who has it. `purpose` is what a second writer is told:
  /// "host index add".
  WriterLock(const std::string& folder, const std::string& purpose);
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;
  ~WriterLock();

  static constexpr const char* kFile = "writer.lock";

 private:
  int file_;
};

}  // namespace kindred::host
