#include <boost/dll/shared_library.hpp>
#include <filesystem>

#include "host/base/system_info.hpp"
#include "host/exchange/parquet_file.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

fs::path library_file() {
  return (fs::path(executable_folder()) / ".." / "lib" / "kindred" / "libkindred_parquet.so")
      .lexically_normal();
}

}  // namespace

std::string parquet_missing() {
  if (fs::exists(library_file())) return "";
  return "this build cannot write or read Parquet files, since Arrow's libraries were not found: get them "
         "with "
         "pip install pyarrow, and build Kindred again with -DKINDRED_PYARROW=FOLDER, where FOLDER is what "
         "python3 -c 'import pyarrow; print(pyarrow.__path__[0])' prints";
}

const ParquetLibrary& parquet_library() {
  // Stays mapped until the process ends, as LibTorch does.
  static boost::dll::shared_library library;
  try {
    if (!library.is_loaded())
      library.load(library_file(), boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    return *library.get<const ParquetLibrary*()>("kindred_parquet_library")();
  } catch (const std::exception& error) {
    throw Error(std::string(error.what()) +
                "; Parquet needs Arrow's libraries where they were when Kindred was built: install the same "
                "pyarrow there again, or build Kindred again");
  }
}

}  // namespace kindred::host
