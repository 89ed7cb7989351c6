// Whether Arrow's headers can be compiled and its libraries be linked. These are small ones, since this is
// tried before anything is built.
#include <arrow/type.h>
#include <parquet/types.h>

int main() {
  return arrow::utf8()->name() == "utf8" && !parquet::TypeToString(parquet::Type::INT32).empty() ? 0 : 1;
}
