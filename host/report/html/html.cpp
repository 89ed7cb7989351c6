#include "host/report/html/html.hpp"

#include <fmt/format.h>

#include "host/report/html/report_pages.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

/// Nothing is loaded from anywhere, whatever a name in the data looks like.
constexpr const char* kPolicy =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

bool is_forbidden(char c) {
  const auto code = static_cast<unsigned char>(c);
  return (code < 0x20 && c != '\t' && c != '\n' && c != '\r') || code == 0x7F;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : shown(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += is_forbidden(c) ? "\xEF\xBF\xBD" : std::string(1, c);
    }
  }
  return out;
}

std::string script_data(const std::string& class_name, const nlohmann::json& value) {
  std::string text;
  for (const char c : json_text(value)) text += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return "<script type=\"application/json\" class=\"" + class_name + "\">" + text + "</script>\n";
}

std::string html_table(const std::vector<HtmlColumn>& columns,
                       const std::vector<std::vector<std::string>>& rows) {
  std::string out = "<div class=\"scroll\"><table>\n<thead><tr>";
  const auto number = [&](size_t i) { return columns[i].is_number ? " class=\"number\"" : ""; };
  for (size_t i = 0; i < columns.size(); ++i) {
    out += fmt::format("<th scope=\"col\"{}>{}</th>", number(i), escaped(columns[i].name));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (size_t i = 0; i < columns.size(); ++i) {
      out += fmt::format("<td{}>{}</td>", number(i), i < row.size() ? row[i] : "");
    }
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table></div>\n";
}

std::string html_section(const std::string& id, const std::string& title, const std::string& html) {
  return fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", id, escaped(title), html);
}

std::string html_page(const std::string& title, const std::string& html) {
  std::string styles, scripts;
  for (const auto& page : report_pages()) {
    if (ends_with(page.name, ".css")) styles += page.text;
    if (ends_with(page.name, ".js")) scripts += page.text;
  }
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{}<script>\n{}</script>\n</body>\n</html>\n",
      kPolicy, escaped(title), styles, html, scripts);
}

}  // namespace kindred::host
