#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <set>

#include "host_process.hpp"
#include "kindred/distance.hpp"
#include "small_pipeline.hpp"

/// `host search` over an index of stored vectors, compared with distances that are computed here.
namespace kindred {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;

class SearchCommand : public ::testing::Test {
 protected:
  /// An index of 240 vectors by the untrained model of a pipeline, without heads.
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder("search");
    testing::write_vectors(*folder_);
    auto pipeline = testing::vectors_pipeline();
    pipeline["model"]["head"] = {{"type", "l2_normalize"}};
    pipeline.erase("train");
    testing::write_pipeline(*folder_, pipeline);
    const auto ran = testing::run_host(*folder_, {"run", "pipeline.json", "--quiet", "--output", "run"});
    ASSERT_EQ(ran.code, 0) << ran.error;
    const auto built =
        testing::run_host(*folder_, {"index", "build", "--model", "run", "--output", "index", "--data",
                                     "pipeline.json", "--precision", "float32", "--quiet"});
    ASSERT_EQ(built.code, 0) << built.error;
    vectors_ = map_npy(*folder_ / "x.npy").to(at::kFloat).clone();
  }
  static void TearDownTestSuite() {
    vectors_ = at::Tensor();
    delete folder_;
  }

  static json found(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"search", "--index", "index", "--json"});
    const auto result = testing::run_host(*folder_, arguments);
    EXPECT_EQ(result.code, 0) << result.error;
    return json::parse(result.out)["results"];
  }
  static std::string refused(std::vector<std::string> arguments, int code) {
    arguments.insert(arguments.begin(), {"search", "--index", "index"});
    const auto result = testing::run_host(*folder_, arguments);
    EXPECT_EQ(result.code, code) << result.error;
    return result.error;
  }
  /// Rows by their cosine distance to `query`, without those in `without`.
  static std::vector<std::string> nearest(const at::Tensor& query, int64_t k,
                                          std::vector<int64_t> without = {}) {
    const auto distances =
        distance_matrix(Distance::cosine, query.unsqueeze(0).to(at::kDouble), vectors_.to(at::kDouble))[0];
    for (const auto row : without) distances[row] = 9;
    const auto order = std::get<1>(at::sort(distances));
    std::vector<std::string> names;
    for (int64_t i = 0; i < k; ++i) names.push_back("#" + std::to_string(order[i].item<int64_t>()));
    return names;
  }
  static std::vector<std::string> ids(const json& result) {
    std::vector<std::string> names;
    for (const auto& one : result["found"]) names.push_back(one["id"]);
    return names;
  }

  static inline testing::TemporaryFolder* folder_ = nullptr;
  static inline at::Tensor vectors_;
};

TEST_F(SearchCommand, by_an_id_finds_the_nearest_others_with_all_that_is_known_of_them) {
  const auto results = found({"--id", "#3", "-k", "7"});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0]["query"], "#3");
  EXPECT_EQ(ids(results[0]), nearest(vectors_[3], 7, {3}));
  const auto& first = results[0]["found"][0];
  const auto row = std::stoll(first["id"].get<std::string>().substr(1));
  EXPECT_EQ(first["rank"], 1);
  EXPECT_EQ(first["label"], row % 24);
  const auto distance =
      paired_distance(Distance::cosine, vectors_.slice(0, 3, 4), vectors_.slice(0, row, row + 1))
          .item<double>();
  EXPECT_NEAR(first["distance"].get<double>(), distance, 1e-5);
}

TEST_F(SearchCommand, by_files_and_arrays_finds_the_same) {
  write_npy(*folder_ / "one.npy", vectors_[5]);
  write_npy(*folder_ / "two.npy", vectors_.slice(0, 5, 7));
  const auto by_model = found({"one.npy"}), by_rows = found({"--embeddings", "two.npy"});
  ASSERT_EQ(by_model.size(), 1u);
  ASSERT_EQ(by_rows.size(), 2u);
  EXPECT_EQ(ids(by_model[0]), nearest(vectors_[5], 10));
  EXPECT_EQ(ids(by_model[0]), ids(by_rows[0]));
  EXPECT_EQ(ids(by_rows[1]), nearest(vectors_[6], 10));
  write_npy(*folder_ / "other.npy", at::ones({2, 3}));
  EXPECT_THAT(refused({"--embeddings", "other.npy"}, 1), HasSubstr("expected rows of 16 numbers"));
  EXPECT_THAT(refused({"absent.npy"}, 1), HasSubstr("absent.npy"));
}

TEST_F(SearchCommand, several_queries_are_combined_and_negative_ones_turned_away_from) {
  const auto unit = l2_normalized(vectors_);
  const auto both = found({"--id", "#3", "--id", "#27", "--combine"});
  ASSERT_EQ(both.size(), 1u);
  EXPECT_EQ(both[0]["query"], "#3 + #27");
  EXPECT_EQ(ids(both[0]), nearest(unit[3] + unit[27], 10, {3, 27}));
  write_npy(*folder_ / "unlike.npy", vectors_[8]);
  const auto away = found({"--id", "#3", "--not-like", "unlike.npy"});
  EXPECT_EQ(ids(away[0]), nearest(unit[3] - 0.5 * unit[8], 10, {3}));
}

TEST_F(SearchCommand, a_query_is_expanded_and_what_it_found_ordered_anew) {
  const auto unit = l2_normalized(vectors_);
  auto expanded = unit[3].clone();
  const auto similarities = unit.mv(unit[3]);
  for (const auto& id : nearest(vectors_[3], 5, {3})) {
    const auto row = std::stoll(id.substr(1));
    const auto similarity = std::max(similarities[row].item<double>(), 0.0);
    expanded = expanded + unit[row] * similarity * similarity * similarity;
  }
  EXPECT_EQ(ids(found({"--id", "#3", "--rerank", "alpha_qe:k=5,alpha=3"})[0]), nearest(expanded, 10, {3}));
  EXPECT_EQ(ids(found({"--id", "#3", "--rerank", "k_reciprocal:lambda=1"})[0]), nearest(vectors_[3], 10, {3}))
      << "by the distance alone the order stays";
  const auto reordered = found({"--id", "#3", "-k", "10", "--rerank", "k_reciprocal:lambda=0,depth=10"});
  EXPECT_THAT(ids(reordered[0]), ::testing::UnorderedElementsAreArray(nearest(vectors_[3], 10, {3})));
  EXPECT_THAT(refused({"--id", "#3", "--rerank", "alpha"}, 2), HasSubstr("alpha_qe"));
}

TEST_F(SearchCommand, conditions_and_groups_choose_among_the_items) {
  const auto some = found({"--id", "#3", "-k", "5", "--where", "label IN (1, 2)"});
  ASSERT_EQ(some[0]["found"].size(), 5u);
  for (const auto& one : some[0]["found"]) EXPECT_TRUE(one["label"] == 1 || one["label"] == 2) << one;
  const auto groups = found({"--id", "#3", "-k", "24", "--group-by", "label"});
  std::set<int64_t> labels;
  for (const auto& one : groups[0]["found"]) labels.insert(one["label"].get<int64_t>());
  EXPECT_EQ(labels.size(), 24u);
  EXPECT_EQ(groups[0]["found"].size(), 24u);
  EXPECT_THAT(refused({"--id", "#3", "--where", "colour = 'red'"}, 1), HasSubstr("colour"));
  EXPECT_THAT(refused({"--id", "#3", "--where", "1; DROP TABLE items"}, 1), HasSubstr("DROP"));
  EXPECT_THAT(refused({"--id", "#3", "--group-by", "colour"}, 1), HasSubstr("has no column \"colour\""));
}

TEST_F(SearchCommand, what_is_not_there_is_named) {
  EXPECT_THAT(refused({}, 2), HasSubstr("there is no query"));
  EXPECT_THAT(refused({"--id", "#999"}, 1), HasSubstr("has no item \"#999\""));
  EXPECT_THAT(refused({"--id", "#3", "-k", "0"}, 2), HasSubstr("-k must be at least 1"));
  EXPECT_EQ(testing::run_host(*folder_, {"search", "--index", "nowhere", "--id", "x"}).code, 1);
  EXPECT_THAT(testing::run_host(*folder_, {"search", "x"}).error, HasSubstr("--index INDEX is missing"));
}

TEST_F(SearchCommand, by_another_model_is_refused_with_both_names) {
  auto pipeline = testing::read_json(*folder_ / "pipeline.json");
  pipeline["name"] = "another";
  pipeline["model"]["head"] = {{"type", "skip_connection"}};
  testing::write_pipeline(*folder_, pipeline, "other.json");
  const auto ran = testing::run_host(*folder_, {"run", "other.json", "--quiet", "--output", "other"});
  ASSERT_EQ(ran.code, 0) << ran.error;
  write_npy(*folder_ / "one.npy", vectors_[5]);
  const auto said = refused({"one.npy", "--model", "other"}, 1);
  EXPECT_THAT(said, ::testing::AllOf(HasSubstr("another"), HasSubstr("small")));
}

TEST_F(SearchCommand, a_page_is_one_file_that_names_what_has_no_picture) {
  const auto done =
      testing::run_host(*folder_, {"search", "--index", "index", "--id", "#3", "--html", "found.html"});
  ASSERT_EQ(done.code, 0) << done.error;
  EXPECT_THAT(done.out, HasSubstr("#3\n    1  0."));
  const auto page = read_file(*folder_ / "found.html");
  EXPECT_THAT(page, HasSubstr("<h2>#3</h2>"));
  EXPECT_THAT(page, HasSubstr("no picture"));
  EXPECT_EQ(page.find("http"), std::string::npos) << "nothing is fetched from elsewhere";
}

/// Builds the index `name` of vectors with labels by the model of the suite.
void build_index(const testing::TemporaryFolder& folder, const std::string& name, const at::Tensor& vectors,
                 const at::Tensor& labels) {
  write_npy(folder / (name + "_x.npy"), vectors);
  write_npy(folder / (name + "_y.npy"), labels);
  auto pipeline = testing::read_json(folder / "pipeline.json");
  pipeline["data"]["dataset"]["embeddings"] = name + "_x.npy";
  pipeline["data"]["dataset"]["labels"] = name + "_y.npy";
  testing::write_pipeline(folder, pipeline, name + ".json");
  const auto built = testing::run_host(
      folder, {"index", "build", "--model", "run", "--output", name, "--data", name + ".json", "--quiet"});
  ASSERT_EQ(built.code, 0) << built.error;
}

TEST_F(SearchCommand, items_that_are_nearly_the_same_are_grouped) {
  auto vectors = vectors_.clone();
  vectors[30] = vectors[3] * 2;  // as far as the cosine sees the same
  vectors[77] = vectors[5] + 1e-3;
  build_index(*folder_, "twins", vectors, at::arange(240, at::kLong).fmod(24).to(at::kLong));
  const auto groups = [](std::vector<std::string> options) {
    options.insert(options.begin(), {"dedup", "twins", "--limit", "0.0001", "--json"});
    const auto done = testing::run_host(*folder_, options);
    EXPECT_EQ(done.code, 0) << done.error;
    std::set<std::set<std::string>> found;
    const auto said = json::parse(done.out);
    for (const auto& group : said["groups"]) {
      std::set<std::string> ids;
      for (const auto& item : group["items"]) ids.insert(item["id"].get<std::string>());
      found.insert(ids);
    }
    return found;
  };
  using Groups = std::set<std::set<std::string>>;
  EXPECT_EQ(groups({}), (Groups{{"#3", "#30"}, {"#5", "#77"}}));
  EXPECT_EQ(groups({"--across", "label"}), (Groups{{"#3", "#30"}})) << "5 and 77 are of one class";
  EXPECT_EQ(groups({"--exact"}), Groups{}) << "vectors have no files that could be equal";
  const auto written = testing::run_host(
      *folder_, {"dedup", "twins", "--limit", "0.0001", "--csv", "twins.csv", "--html", "twins.html"});
  EXPECT_EQ(written.code, 0) << written.error;
  EXPECT_THAT(written.out,
              HasSubstr("4 of 240 items are in 2 groups; without the others of each there would be 2 fewer"));
  EXPECT_THAT(read_file(*folder_ / "twins.csv"),
              HasSubstr("group,exact,distance,id,path,label,class_name\n1,0,"));
  EXPECT_THAT(read_file(*folder_ / "twins.html"), HasSubstr("group 1: 2 items, nearly the same"));
}

/// The rows of an index that a condition finds.
std::set<int64_t> rows_where(const testing::TemporaryFolder& folder, const std::string& index,
                             const std::string& condition) {
  const auto done = testing::run_host(
      folder, {"search", "--index", index, "--id", "#0", "-k", "240", "--where", condition, "--json"});
  EXPECT_EQ(done.code, 0) << done.error;
  std::set<int64_t> rows;
  const auto said = json::parse(done.out);
  for (const auto& one : said["results"][0]["found"])
    rows.insert(std::stoll(one["id"].get<std::string>().substr(1)));
  return rows;
}

TEST_F(SearchCommand,
       an_index_of_a_dataset_knows_the_sides_of_its_split_so_that_leaks_between_them_are_found) {
  const auto labels = at::arange(240, at::kLong).fmod(24).to(at::kLong);
  build_index(*folder_, "sides", vectors_, labels);
  const auto train = rows_where(*folder_, "sides", "split = 'train'");
  const auto test = rows_where(*folder_, "sides", "split = 'test'");
  ASSERT_GT(train.size(), 2U);
  ASSERT_GT(test.size(), 2U);
  auto vectors = vectors_.clone();
  vectors[*test.rbegin()] = vectors[*train.rbegin()];
  vectors[*std::next(train.begin())] = vectors[*std::next(train.begin(), 2)];
  build_index(*folder_, "leaking", vectors, labels);
  const auto done =
      testing::run_host(*folder_, {"dedup", "leaking", "--limit", "0.0001", "--across", "split", "--json"});
  ASSERT_EQ(done.code, 0) << done.error;
  const auto groups = json::parse(done.out)["groups"];
  ASSERT_EQ(groups.size(), 1U) << groups;
  std::set<std::string> ids;
  for (const auto& item : groups[0]["items"]) ids.insert(item["id"].get<std::string>());
  const auto id = [](int64_t row) { return "#" + std::to_string(row); };
  EXPECT_EQ(ids, (std::set<std::string>{id(*test.rbegin()), id(*train.rbegin())}));
  ASSERT_EQ(testing::run_host(*folder_, {"index", "remove", "leaking", id(*test.rbegin())}).code, 0);
  const auto clean =
      testing::run_host(*folder_, {"dedup", "leaking", "--limit", "0.0001", "--across", "split", "--json"});
  EXPECT_EQ(json::parse(clean.out)["groups"], json::array()) << "what was removed is no twin of anything";
  const auto wrong = testing::run_host(*folder_, {"dedup", "leaking", "--across", "splt"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.error,
              HasSubstr("have no column \"splt\"; their columns are id, path, label, class_name, split"));
}

TEST_F(SearchCommand, files_that_are_equal_to_the_last_byte_are_grouped_without_a_model) {
  std::filesystem::create_directories(*folder_ / "files");
  for (const auto& [name, content] :
       std::map<std::string, std::string>{{"a.jpg", "1"}, {"b.jpg", "2"}, {"c.jpg", "1"}})
    write_file_atomically(*folder_ / ("files/" + name), content);
  const auto done = testing::run_host(*folder_, {"dedup", "files", "--json"});
  ASSERT_EQ(done.code, 0) << done.error;
  const auto said = json::parse(done.out);
  ASSERT_EQ(said["groups"].size(), 1u) << said;
  EXPECT_EQ(said["groups"][0]["exact"], true);
  EXPECT_THAT(said["groups"][0]["items"][0]["path"].get<std::string>(), HasSubstr("a.jpg"));
  EXPECT_THAT(said["groups"][0]["items"][1]["path"].get<std::string>(), HasSubstr("c.jpg"));
}

TEST_F(SearchCommand, an_item_whose_neighbours_carry_another_label_is_the_worst_outlier) {
  at::manual_seed(3);
  auto labels = at::arange(48, at::kLong).fmod(4).to(at::kLong);
  auto vectors = at::randn({48, 16}) * 0.05;
  for (int64_t i = 0; i < 48; ++i) vectors[i][i % 4] += 1;
  labels[7] = 0;  // it is one of class 3
  build_index(*folder_, "labels", vectors, labels);
  const auto done =
      testing::run_host(*folder_, {"index", "outliers", "labels", "-k", "5", "--json", "--csv", "worst.csv"});
  ASSERT_EQ(done.code, 0) << done.error;
  const auto said = json::parse(done.out);
  EXPECT_EQ(said["items"], 48);
  ASSERT_GE(said["outliers"].size(), 1u);
  EXPECT_EQ(said["outliers"][0]["id"], "#7");
  EXPECT_EQ(said["outliers"][0]["likely"], 3);
  EXPECT_EQ(said["outliers"][0]["score"], 1.0);
  EXPECT_THAT(read_file(*folder_ / "worst.csv"), HasSubstr("\n#7,,0,,1.0000,1.0000,5,3,3\n"));
}

}  // namespace
}  // namespace kindred
