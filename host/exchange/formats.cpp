#include "host/exchange/formats.hpp"

#include <fmt/format.h>

#include "host/base/text.hpp"
#include "host/exchange/component_export.hpp"
#include "host/exchange/hnswlib.hpp"
#include "host/exchange/numpy.hpp"
#include "host/exchange/parquet.hpp"
#include "host/exchange/parquet_file.hpp"
#include "host/exchange/pgvector/connection.hpp"
#include "host/exchange/pgvector/pgvector.hpp"
#include "host/exchange/qdrant/http.hpp"
#include "host/exchange/qdrant/qdrant.hpp"
#include "host/exchange/sqlite_vec.hpp"
#include "host/exchange/transfer.hpp"
#include "kindred/error.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace {

std::string always() { return ""; }

/// Hands all items to the sink that `make` makes of the request.
template <std::unique_ptr<ItemSink> (*make)(const ExchangeRequest&, const ExchangeHead&)>
Exported through(IndexSource& source, const ExchangeRequest& request) {
  return transfer(source, *make(request, source.head()), *request.context, "exporting");
}

const ExchangeFormat& named(const std::string& name, const char* option,
                            bool (*fits)(const ExchangeFormat&)) {
  std::vector<std::string> names;
  for (const auto& format : exchange_formats()) {
    if (!fits(format)) continue;
    names.emplace_back(format.name);
    if (name != format.name) continue;
    if (const auto why = format.missing(); !why.empty()) throw Error(why);
    return format;
  }
  const auto close = closest_name(name, names);
  throw Error(fmt::format("{} {}: there is no such format{}; expected one of {}", option, name,
                          close.empty() ? "" : " (did you mean " + close + "?)", joined(names)));
}

}  // namespace

const std::vector<ExchangeFormat>& exchange_formats() {
  static const std::vector<ExchangeFormat> formats = {
      {"numpy", "FILE.npy", &always, &through<&numpy_sink>, &numpy_source},
      {"faiss", "FOLDER", &always, &write_faiss, nullptr},
      {"hnswlib", "FILE.bin", &hnswlib_missing, &through<&hnswlib_sink>, &hnswlib_source},
      {"sqlite-vec", "FILE.db", &always, &through<&sqlite_vec_sink>, &sqlite_vec_source},
      {"parquet", "FILE.parquet", &parquet_missing, &through<&parquet_sink>, &parquet_source},
      {"milvus", "FILE.parquet", &parquet_missing, &through<&milvus_sink>, nullptr},
      {"pgvector", "URL", &postgres_missing, &through<&pgvector_sink>, &pgvector_source},
      {"qdrant", "URL", &http_missing, &through<&qdrant_sink>, &qdrant_source},
  };
  return formats;
}

const ExchangeFormat& export_format(const std::string& name) {
  return named(name, "--to", [](const ExchangeFormat& format) { return format.write != nullptr; });
}

const ExchangeFormat& import_format(const std::string& name) {
  return named(name, "--from", [](const ExchangeFormat& format) { return format.read != nullptr; });
}

}  // namespace kindred::host
