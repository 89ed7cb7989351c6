#include <fmt/format.h>

#include "host/base/text_forms/base64.hpp"
#include "host/cli/search/search_text.hpp"
#include "host/pictures/thumbnail.hpp"
#include "host/report/html/html.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kWidth = 200, kHeight = 150;

constexpr const char* kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{0}</title>
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }}
section {{ margin-bottom: 2.5rem; }}
h2 {{ font-size: 1rem; overflow-wrap: anywhere; }}
.found {{ display: flex; flex-wrap: wrap; gap: 1rem; }}
figure {{ margin: 0; width: 200px; }}
figure.query img {{ outline: 3px solid #3b6ea5; }}
.none {{ display: flex; height: 150px; align-items: center; justify-content: center; background: #eee; color: #555; }}
figcaption {{ font-size: 13px; overflow-wrap: anywhere; }}
b {{ font-variant-numeric: tabular-nums; }}
</style>
</head>
<body>
<h1>{0}</h1>
)";

/// The picture of a row of an index, or of a file; `row` -1: it is of none.
std::string picture(const IndexFolder* index, int64_t row, const std::string& file,
                    const Decoders& decoders) {
  const auto small = index != nullptr && row >= 0 ? index->thumbnail(row) : std::string();
  if (!small.empty())
    return fmt::format("<img alt=\"\" src=\"data:image/jpeg;base64,{}\">", base64_text(small));
  if (file.empty()) return "<div class=\"none\">no picture</div>";
  try {
    const auto small = thumbnail(decoders.decode(read_file(file), file), kWidth, kHeight);
    return fmt::format("<img width=\"{}\" height=\"{}\" alt=\"\" src=\"data:image/png;base64,{}\">",
                       small.size(1), small.size(0), base64_text(png_bytes(small, file)));
  } catch (const std::exception&) {
    return "<div class=\"none\">it cannot be read</div>";
  }
}

}  // namespace

std::string to_html(const std::vector<SearchResult>& results, const IndexFolder* index,
                    const Decoders& decoders, const std::string& title) {
  auto out = fmt::format(fmt::runtime(kHead), escaped(title));
  for (const auto& result : results) {
    out += fmt::format("<section>\n<h2>{}</h2>\n<div class=\"found\">\n", escaped(result.query.name));
    const auto& itself = result.query.itself;
    if (!result.query.file.empty())
      out +=
          fmt::format("<figure class=\"query\">{}<figcaption>the query</figcaption></figure>\n",
                      picture(index, itself.size() == 1 ? itself.front() : -1, result.query.file, decoders));
    for (const auto& one : result.found) {
      const auto& item = one.stored.item;
      out += fmt::format("<figure>{}<figcaption><b>{:.4f}</b> {}<br>{}</figcaption></figure>\n",
                         picture(index, one.stored.row, item.path, decoders), one.distance,
                         escaped(item.class_name), escaped(item.id));
    }
    out += "</div>\n</section>\n";
  }
  return out + "</body>\n</html>\n";
}

}  // namespace kindred::host
