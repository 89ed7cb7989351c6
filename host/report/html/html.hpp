#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

/// Pieces of a page that is one file: it has no external parts and opens from disk. Text that comes from
/// data goes through escaped(), and data for the page's scripts through script_data(); everything else that
/// is called `html` here is put in as it is.
namespace kindred::host {

/// Text as HTML, between tags and within quotation marks. What is no UTF-8 stands as shown() has it, and
/// control characters that HTML does not allow become U+FFFD.
std::string escaped(std::string_view text);

/// An element that scripts read by its class and nobody sees. What the value's strings hold cannot end it.
std::string script_data(const std::string& class_name, const nlohmann::json& value);

struct HtmlColumn {
  std::string name;  ///< text
  bool is_number = false;
};

/// A table with a head. Cells are HTML; a row with fewer cells than there are columns is filled up.
std::string html_table(const std::vector<HtmlColumn>& columns,
                       const std::vector<std::vector<std::string>>& rows);

/// A part of a page with a heading. `id` is what links name; `title` is text.
std::string html_section(const std::string& id, const std::string& title, const std::string& html);

/// The whole page: `title` is text, `html` the content of its body. Styles and scripts are put in, and a
/// policy that lets it load nothing.
std::string html_page(const std::string& title, const std::string& html);

}  // namespace kindred::host
