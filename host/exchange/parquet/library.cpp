#include "host/exchange/parquet/library.hpp"

/// The one symbol of this library.
extern "C" __attribute__((visibility("default"))) const kindred::host::ParquetLibrary*
kindred_parquet_library() {
  static const kindred::host::ParquetLibrary library = {&kindred::host::write_parquet,
                                                        &kindred::host::read_parquet};
  return &library;
}
