#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "host/report/html/html.hpp"
#include "host/report/html/line_chart.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Html, text_cannot_become_a_tag_or_leave_its_quotation_marks) {
  EXPECT_EQ(escaped("<script>alert('a & \"b\"')</script>"),
            "&lt;script&gt;alert(&#39;a &amp; &quot;b&quot;&#39;)&lt;/script&gt;");
  EXPECT_EQ(escaped(std::string("a\0b\x1b\tc", 6)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\tc");
  EXPECT_EQ(escaped("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(escaped("caf\xE9"), "caf\\xE9") << "what is no UTF-8 is shown as elsewhere";
}

TEST(Html, data_for_scripts_cannot_end_their_element) {
  const auto text = script_data("some", {{"name", "</script><b>"}});
  EXPECT_THAT(text, HasSubstr("\\u003c/script>\\u003cb>"));
  EXPECT_EQ(text.find("</script>"), text.rfind("</script>"));
}

TEST(Html, a_table_escapes_its_names_and_takes_cells_as_they_are) {
  const auto table = html_table({{"a<b"}, {"n", true}}, {{"<i>x</i>", "1"}, {"y"}});
  EXPECT_THAT(table, HasSubstr("<th scope=\"col\">a&lt;b</th><th scope=\"col\" class=\"number\">n</th>"));
  EXPECT_THAT(table, HasSubstr("<td><i>x</i></td><td class=\"number\">1</td>"));
  EXPECT_THAT(table, HasSubstr("<td>y</td><td class=\"number\"></td>")) << "a short row is filled up";
}

TEST(Html, a_page_needs_nothing_from_elsewhere) {
  const auto page = html_page("<x>", "<h1>y</h1>");
  EXPECT_THAT(page, HasSubstr("<title>&lt;x&gt;</title>"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const auto* outside : {"src=\"http", "href=\"http", "url(", "@import", "<link"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

TEST(LineChart, ticks_are_round_numbers_within_the_range) {
  EXPECT_THAT(axis_ticks(0, 1, 5), ElementsAre(0, 0.2, 0.4, 0.6000000000000001, 0.8, 1));
  EXPECT_THAT(axis_ticks(-3, 17, 4), ElementsAre(0, 5, 10, 15));
  EXPECT_THAT(axis_ticks(2, 2, 5), ElementsAre(2));
}

TEST(LineChart, a_value_stands_at_its_place_and_what_is_no_number_is_a_gap) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const auto chart = line_chart({{"train <loss>", {1, 2, 3, 4, 5}, {0, 10, kNone, 10, kNone}}}, {"Loss"});
  // The epochs 1 to 4, of which the last value is, take 548 units from 58 on; above 10 is 0.04 of the range.
  EXPECT_THAT(chart, HasSubstr("d=\"M58.0 212.2L240.7 17.8M606.0 17.8h.01\""));
  EXPECT_THAT(chart, HasSubstr("<title>train &lt;loss&gt;</title>"));
  EXPECT_THAT(chart, HasSubstr("[0.0,10.0,null,10.0,null]"));
}

TEST(LineChart, is_nothing_without_a_number) {
  EXPECT_EQ(line_chart({{"a", {1, 2}, {NAN, NAN}}}, {"t"}), "");
  EXPECT_EQ(line_chart({}, {"t"}), "");
}

}  // namespace
}  // namespace kindred::host
