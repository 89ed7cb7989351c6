#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lines_dataset.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::thrown;

TEST(RecordsDataset, reads_texts_and_vectors_in_the_order_of_their_names) {
  const LinesFolder folder("records");
  const auto dataset = folder.made(R"({"title": "gr\u00fcn", "at": [1, 0.5], "label": "b", "split": "train"}
{"title": "", "at": [2, -3e2], "label": "a", "split": "test", "more": {}}

{"title": "c", "at": [0, 4], "label": "b", "split": "train"}
)",
                                   {{"fields", {{"title", "text"}, {"at", "vector"}}}});
  const auto fields = dataset->fields();
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields[0].name, "at");
  EXPECT_EQ(fields[0].kind, ObjectKind::vector);
  EXPECT_EQ(fields[1].name, "title");
  EXPECT_EQ(fields[1].kind, ObjectKind::text);
  EXPECT_EQ(dataset->object_kind(), ObjectKind::vector);
  const auto expected = at::tensor({1.0F, 0.5F, 2.0F, -300.0F, 0.0F, 4.0F}).view({3, 2});
  EXPECT_TRUE(at::equal(dataset->matrix(), expected));
  EXPECT_TRUE(at::equal(dataset->read(1), expected[1]));
  EXPECT_FALSE(dataset->field_matrix(1).defined());
  EXPECT_EQ(text_of(dataset->read_field(0, 1)), "gr\xC3\xBCn");
  EXPECT_EQ(text_of(dataset->read_field(1, 1)), "");
  EXPECT_THAT(dataset->labels(), ElementsAre(1, 0, 1));
  EXPECT_THAT(dataset->class_names(), ElementsAre("a", "b"));
  EXPECT_EQ(dataset->sample_name(2), "lines:4") << "the empty line counts";
  EXPECT_FALSE(dataset->pairs().defined());
}

TEST(RecordsDataset, tensors_outlive_it) {
  const LinesFolder folder("records");
  at::Tensor matrix, row;
  {
    const auto dataset = folder.made("{\"v\": [1, 2]}\n{\"v\": [3, 4]}\n", {{"fields", {{"v", "vector"}}}});
    matrix = dataset->matrix();
    row = dataset->read(1);
  }
  EXPECT_EQ(matrix.sum().item<float>(), 10);
  EXPECT_EQ(row.sum().item<float>(), 7);
}

TEST(RecordsDataset, chooses_splits_and_keeps_integer_labels) {
  const LinesFolder folder("records");
  const std::string lines =
      "{\"t\": \"x\", \"y\": 7, \"half\": \"a\"}\n{\"t\": \"z\", \"y\": 9, \"half\": \"b\"}\n";
  const json fields = {{"t", "text"}};
  const auto all = folder.made(lines, {{"fields", fields}, {"label_key", "y"}});
  EXPECT_THAT(all->labels(), ElementsAre(7, 9));
  const auto part =
      folder.made(lines, {{"fields", fields}, {"label_key", "y"}, {"split_key", "half"}, {"splits", {"b"}}});
  EXPECT_THAT(part->labels(), ElementsAre(9));
  EXPECT_EQ(text_of(part->read(0)), "z");
  EXPECT_NE(part->fingerprint(), all->fingerprint());
  EXPECT_THAT(folder.made(lines, {{"fields", fields}})->labels(), ElementsAre(-1, -1));
}

TEST(RecordsDataset, a_line_without_a_label_is_a_sample_without_one_and_is_counted) {
  const LinesFolder folder("records");
  const auto dataset = folder.made(R"({"t": "a", "label": 7}
{"t": "b", "label": null}
   
{"t": "c", "label": " "}
{"t": "d"}
{"t": "e", "label": 7.0}
)",
                                   {{"fields", {{"t", "text"}}}});
  EXPECT_THAT(dataset->labels(), ElementsAre(7, -1, -1, -1, 7));
  EXPECT_TRUE(dataset->class_names().empty());
  ASSERT_EQ(dataset->notes().size(), 1U);
  EXPECT_THAT(dataset->notes()[0].text, HasSubstr("3 of 5 lines have no label (lines 2, 4, 5)"));
  EXPECT_TRUE(dataset->notes()[0].loses_samples);
}

TEST(RecordsDataset, reads_pictures_where_it_can) {
  const LinesFolder folder("records");
  folder.write_pixel("1.ppm", 1);
  const auto make = [&] {
    return folder.made(R"({"photo": "1.ppm", "title": "one"})",
                       {{"fields", {{"photo", "image"}, {"title", "text"}}}});
  };
#ifdef KINDRED_HAS_IMAGES
  const auto dataset = make();
  EXPECT_EQ(dataset->object_kind(), ObjectKind::image);
  EXPECT_TRUE(at::equal(dataset->read(0), at::tensor({1, 2, 3}).to(at::kByte).view({1, 1, 3})));
  EXPECT_EQ(text_of(dataset->read_field(0, 1)), "one");
  const auto before = dataset->fingerprint();
  write_file_atomically(folder / "1.ppm", "no picture, and of another size");
  EXPECT_NE(dataset->fingerprint(), before) << "pictures count, too";
  EXPECT_THAT(thrown([&] { dataset->read(0); }), HasSubstr("1.ppm is no picture"));
#else
  EXPECT_THAT(thrown(make),
              HasSubstr("the field \"photo\" is pictures, and the plugin records was built without"));
#endif
}

TEST(RecordsDataset, fills_what_an_optional_field_lacks) {
  const LinesFolder folder("records");
  folder.write_pixel("1.ppm", 1);
  json fields = {{"title", "text"}, {"at", "vector"}}, optional = {"title", "at"};
#ifdef KINDRED_HAS_IMAGES
  fields["photo"] = "image";
  optional.push_back("photo");
#endif
  const std::string lines =
      "{\"title\": \"a\"}\n{\"at\": [1, 2], \"title\": null, \"photo\": \"1.ppm\"}\n{\"at\": null}\n";
  const auto dataset = folder.made(lines, {{"fields", fields}, {"optional", optional}});
  EXPECT_TRUE(at::equal(dataset->field_matrix(0), at::tensor({0.F, 0.F, 1.F, 2.F, 0.F, 0.F}).view({3, 2})));
  const auto title = fields.size() - 1;
  for (const auto& [row, text] : {std::pair{0, "a"}, {1, ""}, {2, ""}})
    EXPECT_EQ(text_of(dataset->read_field(row, title)), text);
#ifdef KINDRED_HAS_IMAGES
  EXPECT_TRUE(at::equal(dataset->read_field(0, 1), at::full({1, 1, 3}, 128, at::kByte)));
  EXPECT_TRUE(at::equal(dataset->read_field(1, 1), at::tensor({1, 2, 3}).to(at::kByte).view({1, 1, 3})));
#endif
  EXPECT_THAT(thrown([&] { folder.made(lines, {{"fields", fields}}); }), HasSubstr("has no \"at\""));
  const auto empty =
      folder.made("{\"title\": \"a\"}", {{"fields", {{"at", "vector"}}}, {"optional", {"at"}}});
  EXPECT_THAT(thrown([&] { empty->matrix(); }), HasSubstr("no sample has numbers in the field \"at\""));
}

constexpr BrokenLines kBrokenRecords[] = {
    {"{\"t\": \"a\"}\n{\"u\": \"b\"}\n", R"({"fields": {"t": "text"}})",
     "lines.jsonl:2: has no \"t\"; expected a value for each field: t"},
    {"{\"t\": 5}", R"({"fields": {"t": "text"}})", "lines.jsonl:1: \"t\" is 5, expected a text"},
    {"{\"t\": null}", R"({"fields": {"t": "text"}})", "\"t\" is null, expected a text"},
    {"{\"t\": \"a\"}\n[1]\n", R"({"fields": {"t": "text"}})",
     "lines.jsonl:2: expected an object, such as {\"title\": \"red shoes\", \"label\": 3}; it is of the type "
     "array"},
    {"{\"t\": \"a\"", R"({"fields": {"t": "text"}})", "lines.jsonl:1: expected an object"},
    {"{\"v\": [1]}\n{\"v\": [1, 2]}\n", R"({"fields": {"v": "vector"}})",
     "lines.jsonl:2: \"v\" has 2 numbers, those before it 1"},
    {"{\"v\": [1, \"2\"]}", R"({"fields": {"v": "vector"}})", "\"v\" holds \"2\", expected numbers"},
    {"{\"v\": [1e300]}", R"({"fields": {"v": "vector"}})", "expected numbers that float32 can hold"},
    {"{\"v\": []}", R"({"fields": {"v": "vector"}})", "\"v\" is no list of numbers"},
    {"{\"t\": \"a\"}\n{\"t\": \"caf\xE9\"}\n", R"({"fields": {"t": "text"}})",
     "byte 0xE9 at line 2, column 11 is no UTF-8; it looks like Windows-1252"},
    {"{\"t\": \"a\", \"label\": [1]}", R"({"fields": {"t": "text"}})", "\"label\" is no text and no integer"},
    {"{\"t\": \"a\"}", R"({"fields": {"t": "text"}, "splits": ["x"]})", "no line of the splits"},
    {"", R"({"fields": {"t": "text"}})", "no line of the splits"},
    {"{}", R"({"fields": {}})", "such as {\"title\": \"text\", \"photo\": \"image\"}"},
    {"{}", R"({"fields": ["t"]})", "\"fields\" must be an object but is the array"},
    {"{}", R"({"fields": {"t": "txt"}})",
     "the field \"t\" is \"txt\"; it must be \"text\", \"image\" or \"vector\", did you mean \"text\""},
    {"{}", R"({"fields": {"t": 1}})", "the field \"t\" is 1; it must be"},
    {"{}", R"({"fields": {"t": "text"}, "optional": ["u"]})",
     "records: optional names \"u\", which is none of the fields: t"},
    {"{}", R"({"fields": {"": "text"}})", "a field has an empty name"},
    {"{}", R"({})", "fields"},
};

TEST(RecordsDataset, says_what_is_wrong) {
  const LinesFolder folder("records");
  for (const auto& one : kBrokenRecords)
    EXPECT_THAT(thrown([&] { folder.made(one.lines, json::parse(one.params)); }), HasSubstr(one.expected))
        << one.lines;
  const auto deep = "{\"t\": " + std::string(100, '[') + std::string(100, ']') + "}";
  EXPECT_THAT(thrown([&] {
                folder.made(deep, {{"fields", {{"t", "text"}}}});
              }),
              HasSubstr("deeper than 64 levels"));
  const auto dataset = folder.made("{\"t\": \"a\"}", {{"fields", {{"t", "text"}}}});
  EXPECT_THAT(thrown([&] { dataset->read(1); }), HasSubstr("there is no sample 1; there are 1"));
  EXPECT_THAT(thrown([&] { dataset->read(-1); }), HasSubstr("there is no sample -1"));
  EXPECT_THAT(thrown([&] { dataset->read_field(0, 1); }), HasSubstr("field 1 was asked for"));
}

}  // namespace
}  // namespace kindred
