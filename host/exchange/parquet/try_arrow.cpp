// Whether Arrow's headers can be compiled and its libraries be linked.
#include <arrow/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

int main() {
  arrow::StringBuilder text;
  const auto properties = parquet::WriterProperties::Builder().build();
  return text.Append("text").ok() && properties != nullptr ? 0 : 1;
}
