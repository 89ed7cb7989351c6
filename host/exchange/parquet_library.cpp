#include "host/exchange/own_library.hpp"
#include "host/exchange/parquet_file.hpp"

namespace kindred::host {
namespace {

constexpr const char* kParquetLibrary = "parquet";

}  // namespace

std::string parquet_missing() {
  if (has_own_library(kParquetLibrary)) return "";
  return "this build cannot write or read Parquet files, since Arrow's libraries were not found: get them "
         "with "
         "pip install pyarrow, and build Kindred again with -DKINDRED_PYARROW=FOLDER, where FOLDER is what "
         "python3 -c 'import pyarrow; print(pyarrow.__path__[0])' prints";
}

const ParquetLibrary& parquet_library() {
  using Get = const ParquetLibrary*();
  auto* get = own_library_symbol(
      kParquetLibrary, "kindred_parquet_library",
      "Parquet needs Arrow's libraries where they were when Kindred was built: install the same "
      "pyarrow there again, or build Kindred again");
  return *reinterpret_cast<Get*>(get)();
}

}  // namespace kindred::host
