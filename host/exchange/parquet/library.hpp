#pragma once

#include "host/exchange/parquet_file.hpp"

namespace kindred::host {

/// As ParquetLibrary has them.
std::unique_ptr<ParquetWriter> write_parquet(const std::string& path, const ParquetLayout& layout);
std::unique_ptr<ParquetReader> read_parquet(const std::string& path, const std::string& vector,
                                            int64_t numbers);

}  // namespace kindred::host
