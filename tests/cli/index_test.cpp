#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "host_process.hpp"
#include "kindred/distance.hpp"
#include "kindred/io/npy.hpp"
#include "made_photos.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// `host index` with the model of a run, `out`.
class IndexCommand : public ::testing::Test {
 protected:
  testing::HostResult host(const std::vector<std::string>& arguments) const {
    return testing::run_host(folder_, arguments);
  }
  testing::HostResult index(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "index");
    return host(arguments);
  }
  json said(std::vector<std::string> arguments) const {
    arguments.push_back("--json");
    const auto result = index(arguments);
    EXPECT_EQ(result.code, 0) << result.error;
    return json::parse(result.out);
  }
  json info(const std::string& name = "i") const { return said({"info", name}); }
  void train(const json& pipeline) const {
    testing::write_pipeline(folder_, pipeline);
    const auto trained =
        host({"run", "pipeline.json", "--quiet", "--output", "out", "--set", "train.epochs=1"});
    ASSERT_EQ(trained.code, 0) << trained.error;
  }
  /// The only file of rows of an index.
  at::Tensor rows(const std::string& name = "i") const {
    for (const auto& entry : fs::directory_iterator(folder_.path() / name)) {
      if (entry.path().extension() == ".npy") return map_npy(entry.path().string()).clone();
    }
    return {};
  }

  testing::TemporaryFolder folder_{"index_cli"};
};

class IndexOfVectors : public IndexCommand {
 protected:
  void SetUp() override {
    testing::write_vectors(folder_);
    train(testing::vectors_pipeline());
  }
};

class IndexOfPictures : public IndexCommand {
 protected:
  void SetUp() override {
    testing::write_pictures(folder_);
    train(testing::photos_pipeline());
  }
};

TEST_F(IndexOfVectors, holds_what_embed_writes) {
  const auto built = said({"build", "--model", "out", "--output", "i", "x.npy"});
  EXPECT_EQ(built["added"], 240);
  EXPECT_THAT(built["index"]["reason"], HasSubstr("exact search"));
  ASSERT_EQ(host({"embed", "--quiet", "--model", "out", "--output", "e.npy", "x.npy"}).code, 0);
  const auto embedded = l2_normalized(map_npy(folder_ / "e.npy"));
  EXPECT_TRUE(at::equal(rows(), embedded.to(at::kHalf)));
  EXPECT_THAT(index({"verify", "i"}).out, HasSubstr("240 items, 240 rows, all whole"));
  const auto told = info();
  EXPECT_EQ(told["distance"], "cosine");
  EXPECT_EQ(told["precision"], "float16");
  EXPECT_EQ(told["model"]["name"], "small");
  EXPECT_EQ(said({"build", "--model", "out/model", "--output", "wide", "--precision", "float32", "--distance",
                  "euclidean", "x.npy"})["items"],
            240);
  EXPECT_TRUE(at::equal(rows("wide"), map_npy(folder_ / "e.npy")));
}

TEST_F(IndexOfVectors, takes_the_test_classes_of_a_pipeline_with_their_labels) {
  const auto all = said({"build", "--model", "out", "--output", "i", "--data", "pipeline.json"});
  EXPECT_EQ(all["items"], 240);
  const auto test =
      said({"build", "--model", "out", "--output", "t", "--data", "pipeline.json", "--split", "test"});
  EXPECT_EQ(test["items"], 100);
  EXPECT_THAT(
      index({"build", "--model", "out", "--output", "u", "--data", "pipeline.json", "--split", "x"}).error,
      HasSubstr("expected test or all"));
}

TEST_F(IndexOfVectors, removes_compacts_and_merges) {
  said({"build", "--model", "out", "--output", "i", "x.npy"});
  EXPECT_EQ(said({"remove", "i", "x.npy#0", "x.npy#239"})["items"], 238);
  EXPECT_THAT(index({"remove", "i", "x.npy#1", "x.npy#0"}).error,
              AllOf(HasSubstr("x.npy#0"), HasSubstr("nothing was")));
  EXPECT_EQ(info()["removed"], 2);
  const auto before = rows();
  const auto compacted = said({"compact", "i"});
  EXPECT_EQ(compacted["dropped_rows"], 2);
  EXPECT_EQ(compacted["rows"], 238);
  EXPECT_TRUE(at::equal(rows(), before.slice(0, 1, 239)));
  said({"build", "--model", "out", "--output", "t", "--data", "pipeline.json", "--split", "test"});
  EXPECT_EQ(said({"merge", "i", "t", "--output", "both"})["items"], 338);
  EXPECT_THAT(index({"merge", "i", "i", "--output", "twice"}).error, HasSubstr("x.npy#1, x.npy#2"));
  EXPECT_FALSE(fs::exists(folder_.path() / "twice"));
  EXPECT_EQ(index({"verify", "both"}).code, 0);
}

/// Rows as `--cut 12 --whiten 5` makes them, by its definition, in float64. Directions have either sign.
at::Tensor whitened(const at::Tensor& embeddings) {
  const auto unit = l2_normalized(embeddings.to(at::kDouble).slice(1, 0, 12));
  const auto centred = unit - unit.mean(0);
  const auto [values, vectors] = at::linalg_eigh(at::mm(centred.t(), centred) / unit.size(0), "L");
  const auto kept = vectors.flip(1).slice(1, 0, 5) / values.flip(0).slice(0, 0, 5).sqrt();
  return l2_normalized(at::mm(centred, kept));
}

TEST_F(IndexOfVectors, cuts_and_whitens_rows_and_queries) {
  const auto built = said({"build", "--model", "out", "--output", "i", "--precision", "float32", "--cut",
                           "12", "--whiten", "5", "x.npy"});
  EXPECT_EQ(built["items"], 240);
  ASSERT_EQ(host({"embed", "--quiet", "--model", "out", "--output", "e.npy", "x.npy"}).code, 0);
  const auto expected = whitened(map_npy(folder_ / "e.npy"));
  EXPECT_LE((at::mm(rows(), rows().t()) - at::mm(expected, expected.t())).abs().max().item<double>(), 1e-4);
  const auto nearest = std::get<1>(at::mm(expected, expected.t()).sort(1, true));
  write_npy(folder_ / "q.npy", map_npy(folder_ / "x.npy").slice(0, 7, 8));
  write_npy(folder_ / "qe.npy", map_npy(folder_ / "e.npy").slice(0, 7, 8));
  for (const auto& query : std::vector<std::vector<std::string>>{{"q.npy"}, {"--embeddings", "qe.npy"}}) {
    std::vector<std::string> search = {"search", "--index", "i", "-k", "8", "--json"};
    search.insert(search.end(), query.begin(), query.end());
    const auto found = json::parse(host(search).out)["results"][0]["found"];
    ASSERT_EQ(found.size(), 8u);
    for (int64_t k = 0; k < 8; ++k)
      EXPECT_EQ(found[static_cast<size_t>(k)]["id"],
                "x.npy#" + std::to_string(nearest[7][k].item<int64_t>()));
  }
  EXPECT_THAT(index({"info", "i"}).out,
              AllOf(HasSubstr("5 numbers of float32, distance cosine, of length 1"),
                    HasSubstr("the first 12 of 16 numbers, whitened to 5 by what 240 rows say")));
  EXPECT_EQ(info()["embedding"]["whitened_by_rows"], 240);
  EXPECT_EQ(index({"verify", "i"}).code, 0);

  const auto before = rows();
  write_npy(folder_ / "more.npy", map_npy(folder_ / "x.npy").slice(0, 0, 9));
  EXPECT_EQ(said({"add", "i", "more.npy"})["added"], 9);
  EXPECT_EQ(host({"search", "--index", "i", "--id", "more.npy#3", "-k", "1"}).out.find("x.npy#3") !=
                std::string::npos,
            true)
      << "what is added is whitened as the rows before were";
}

TEST_F(IndexOfVectors, knows_no_small_pictures_and_no_mirror_images) {
  const auto refused = index({"build", "--model", "out", "--output", "i", "x.npy", "--thumbnails"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("the model reads no pictures"));
  EXPECT_THAT(index({"build", "--model", "out", "--output", "j", "x.npy", "--mirror"}).error,
              HasSubstr("--mirror: the model reads no pictures"));
  EXPECT_THAT(host({"embed", "--model", "out", "--output", "m.npy", "x.npy", "--mirror"}).error,
              HasSubstr("--mirror: the model reads no pictures"));
}

TEST_F(IndexOfVectors, says_what_does_not_go_with_whitening) {
  const auto build = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"build", "--model", "out", "--output", "w", "x.npy"});
    return index(options).error;
  };
  EXPECT_THAT(build({"--whiten", "17"}), HasSubstr("--whiten is 17, and a row has 16 numbers before it"));
  EXPECT_THAT(build({"--cut", "8", "--whiten", "9"}),
              HasSubstr("a row has 8 numbers before it; take 1 to 8"));
  EXPECT_THAT(build({"--whiten", "4", "--distance", "euclidean"}),
              HasSubstr("--distance euclidean does not go"));
  EXPECT_THAT(build({"--whiten", "0"}), HasSubstr("--whiten is 0"));
  EXPECT_FALSE(fs::exists(folder_.path() / "w"));
  EXPECT_THAT(index({"info", "i", "--whiten", "3"}).error, HasSubstr("it is for build"));
}

TEST_F(IndexOfVectors, refuses_another_model_with_both_names) {
  said({"build", "--model", "out", "--output", "i", "x.npy"});
  const auto first = info()["model"]["fingerprint"].get<std::string>();
  ASSERT_EQ(host({"run", "pipeline.json", "--quiet", "--output", "other", "--set", "train.epochs=1", "--set",
                  "seed=9", "--set", "name=nine"})
                .code,
            0);
  const auto refused = index({"add", "i", "x.npy", "--model", "other"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.error,
              AllOf(HasSubstr("\"small\" (fingerprint " + first), HasSubstr("\"nine\" (fingerprint ")));
}

TEST_F(IndexOfVectors, says_how_it_is_called) {
  EXPECT_THAT(index({"biuld"}).error, HasSubstr("did you mean `build`"));
  EXPECT_EQ(index({"biuld"}).code, 2);
  EXPECT_THAT(index({"build", "x.npy"}).error, HasSubstr("--output INDEX is missing"));
  EXPECT_THAT(index({"build", "--output", "i", "--model", "out"}).error, HasSubstr("either PATHS or --data"));
  EXPECT_THAT(index({"info"}).error, HasSubstr("usage: host index info INDEX"));
  EXPECT_THAT(index({"info", "out"}).error, HasSubstr("no manifest.json"));
  EXPECT_THAT(index({"info", "i", "--prune"}).error, HasSubstr("it is for update"));
  EXPECT_THAT(index({"build", "--output", "i", "--model", "out", "x.npy", "--memory", "much"}).error,
              HasSubstr("--memory much is no size"));
  EXPECT_THAT(index({"build", "--output", "i", "--model", "out", "x.npy", "--latency", "soon"}).error,
              HasSubstr("--latency soon is no time"));
  EXPECT_THAT(index({"build", "--output", "i", "--model", "out", "x.npy", "--index", "nosuch"}).error,
              HasSubstr("there is no index `nosuch`"));
  EXPECT_FALSE(fs::exists(folder_.path() / "i"));
}

TEST_F(IndexOfPictures, goes_the_whole_way_from_training_to_another_store_and_back) {
  EXPECT_EQ(said({"build", "--model", "out", "--output", "i", "photos/class_0", "photos/class_1"})["items"],
            12);
  EXPECT_EQ(said({"add", "i", "photos/class_2"})["added"], 6);
  EXPECT_EQ(said({"remove", "i", "photos/class_0/0.ppm"})["items"], 17);
  const auto search = [&](const std::string& index, const std::string& photo) {
    const auto result = host({"search", "--index", index, "-k", "1", "--json", photo});
    EXPECT_EQ(result.code, 0) << result.error;
    return json::parse(result.out)["results"][0]["found"][0]["id"].get<std::string>();
  };
  EXPECT_EQ(search("i", "photos/class_2/3.ppm"), "photos/class_2/3.ppm");
  EXPECT_NE(search("i", "photos/class_0/0.ppm"), "photos/class_0/0.ppm");
  EXPECT_EQ(index({"verify", "i"}).code, 0);

  EXPECT_EQ(said({"export", "i", "--to", "numpy", "--output", "there.npy"})["items"], 17);
  const auto handed = map_npy(folder_ / "there.npy");
  std::ifstream lines(folder_ / "there.jsonl");
  std::vector<std::string> ids;
  for (std::string line; std::getline(lines, line);) ids.push_back(json::parse(line)["id"]);
  ASSERT_EQ(static_cast<int64_t>(ids.size()), handed.size(0));
  EXPECT_EQ(ids.front(), "photos/class_0/1.ppm");
  EXPECT_EQ(ids.back(), "photos/class_2/5.ppm");
  ASSERT_EQ(host({"embed", "--quiet", "--model", "out", "--output", "e.npy", "photos/class_2/5.ppm"}).code,
            0);
  const auto wanted = l2_normalized(map_npy(folder_ / "e.npy"));
  EXPECT_LT((handed[16] - wanted[0]).abs().max().item<float>(), 1e-3) << "float16 of the embedding";

  EXPECT_EQ(said({"import", "there.npy", "--from", "numpy", "--output", "back"})["items"], 17);
  EXPECT_EQ(index({"verify", "back"}).code, 0);
  EXPECT_TRUE(at::equal(map_npy(folder_ / "there.npy"), handed));
  const auto picture =
      host({"search", "--index", "back", "--model", "out", "-k", "1", "--json", "photos/class_1/4.ppm"});
  EXPECT_EQ(json::parse(picture.out)["results"][0]["found"][0]["id"], "photos/class_1/4.ppm")
      << picture.error;
  EXPECT_THAT(index({"export", "i", "--to", "nmupy", "--output", "x.npy"}).error,
              HasSubstr("did you mean numpy"));
  EXPECT_THAT(index({"export", "i", "--to", "numpy"}).error, HasSubstr("--output FILE.npy is missing"));
}

TEST_F(IndexOfPictures, goes_on_where_a_killed_build_was) {
  // 48 pictures many times, so that there is something to interrupt; a commit comes every 32 batches.
  fs::create_directories(folder_.path() / "many");
  for (int copy = 0; copy < 8; ++copy)
    fs::copy(folder_.path() / "photos", folder_.path() / ("many/" + std::to_string(copy)),
             fs::copy_options::recursive);
  const std::vector<std::string> build = {"index", "build", "--model",      "out", "--output",
                                          "i",     "many",  "--batch-size", "2",   "--json"};
  {
    testing::HostProcess process(folder_, build);
    // The second file of rows is begun once the first is committed.
    while (!fs::exists(folder_.path() / "i/rows-1.npy.partial") &&
           !fs::exists(folder_.path() / "i/rows-1.npy"))
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    process.kill();
    process.wait();
  }
  EXPECT_EQ(index({"verify", "i"}).code, 0) << "the killed one left a whole index";
  const auto there = info()["items"].get<int64_t>();
  EXPECT_GT(there, 0);
  EXPECT_LT(there, 384);
  const auto resumed = host(build);
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  const auto told = json::parse(resumed.out);
  EXPECT_EQ(told["there_before"], there);
  EXPECT_EQ(told["added"], 384 - there);
  EXPECT_EQ(told["items"], 384);
  EXPECT_THAT(host(build).error, HasSubstr("is complete"));
  EXPECT_EQ(index({"verify", "i"}).code, 0);
}

TEST_F(IndexOfPictures, goes_on_where_a_killed_build_that_whitens_was) {
  fs::create_directories(folder_.path() / "many");
  for (int copy = 0; copy < 8; ++copy)
    fs::copy(folder_.path() / "photos", folder_.path() / ("many/" + std::to_string(copy)),
             fs::copy_options::recursive);
  const auto build = [](const std::string& name) {
    return std::vector<std::string>{"index", "build",        "--model", "out",      "--output", name,
                                    "many",  "--batch-size", "2",       "--whiten", "6",        "--json"};
  };
  {
    testing::HostProcess process(folder_, build("i"));
    while (!fs::exists(folder_.path() / "i/rows-1.npy.partial") &&
           !fs::exists(folder_.path() / "i/rows-1.npy"))
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    process.kill();
    process.wait();
  }
  EXPECT_EQ(index({"verify", "i"}).code, 0);
  EXPECT_THAT(index({"info", "i"}).out,
              AllOf(HasSubstr("whitened to 6, which waits for the end of the build"),
                    HasSubstr("its build did not end")));
  EXPECT_THAT(index({"add", "i", "photos"}).error, HasSubstr("give its host index build command again"));
  auto other = build("i");
  other[10] = "7";
  EXPECT_THAT(host(other).error, HasSubstr("was begun with --whiten 6, and now there is --whiten 7"));
  const auto resumed = host(build("i"));
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  ASSERT_EQ(host(build("whole")).code, 0);
  // The last rows of a batch may be of other batches than in one go, which changes them a little.
  const auto found = rows().to(at::kFloat), whole = rows("whole").to(at::kFloat);
  EXPECT_LE((at::mm(found, found.t()) - at::mm(whole, whole.t())).abs().max().item<float>(), 2e-2F);
  EXPECT_EQ(index({"verify", "i"}).code, 0);
  fs::create_directories(folder_.path() / "few");
  fs::copy(folder_.path() / "photos/class_0", folder_.path() / "few", fs::copy_options::recursive);
  EXPECT_THAT(index({"build", "--model", "out", "--output", "few.index", "few", "--whiten", "6"}).error,
              HasSubstr("needs more than 6 of them, and there are 6"));
  EXPECT_EQ(index({"build", "--model", "out", "--output", "few.index", "few", "--whiten", "5"}).code, 0)
      << "nothing was embedded, so it may be asked for anew";
}

TEST_F(IndexOfPictures, follows_files_that_change_come_and_go) {
  EXPECT_EQ(said({"build", "--model", "out", "--output", "i", "photos/class_0", "photos/class_1"})["items"],
            12);
  EXPECT_THAT(index({"add", "i", "photos/class_1", "photos/class_2"}).error,
              AllOf(HasSubstr("6 of 12 files are in the index"), HasSubstr("host index update")));
  EXPECT_EQ(said({"add", "i", "photos/class_2"})["added"], 6) << "by the model that built it";
  const auto path = folder_.path();
  fs::copy_file(path / "photos/class_5/0.ppm", path / "photos/class_0/0.ppm",
                fs::copy_options::overwrite_existing);
  fs::last_write_time(path / "photos/class_0/1.ppm",
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
  fs::remove(path / "photos/class_1/3.ppm");
  auto told = said({"update", "i"});
  EXPECT_EQ(told["updated"], 1);
  EXPECT_EQ(told["unchanged"], 16) << "one of them has another time and the same bytes";
  EXPECT_EQ(told["vanished"], 1);
  EXPECT_EQ(told["items"], 18);
  told = said({"update", "i", "--prune"});
  EXPECT_EQ(told["updated"], 0);
  EXPECT_EQ(told["pruned"], 1);
  EXPECT_EQ(told["items"], 17);
  said({"compact", "i"});
  said({"build", "--model", "out", "--output", "one", "photos/class_5/0.ppm"});
  EXPECT_TRUE(at::allclose(rows()[16].to(at::kFloat), rows("one")[0].to(at::kFloat), 0, 1e-2))
      << "the row of the picture that is there now";
  EXPECT_EQ(index({"verify", "i"}).code, 0);
}

/// A PPM file of 24 x 24 pixels, left to right.
std::string turned(const std::string& bytes) {
  auto out = bytes;
  const auto pixels = bytes.size() - 24 * 24 * 3;
  for (size_t y = 0; y < 24; ++y) {
    for (size_t x = 0; x < 24; ++x)
      out.replace(pixels + 3 * (24 * y + x), 3, bytes, pixels + 3 * (24 * y + 23 - x), 3);
  }
  return out;
}

TEST_F(IndexOfPictures, averages_a_picture_and_its_mirror_image_for_rows_and_queries) {
  fs::create_directories(folder_.path() / "turned/class_0");
  for (int i = 0; i < 6; ++i) {
    const auto name = "/class_0/" + std::to_string(i) + ".ppm";
    write_file_atomically(folder_ / ("turned" + name), turned(read_file(folder_ / ("photos" + name))));
  }
  const auto embedded = [&](const std::string& name, std::vector<std::string> options) {
    options.insert(options.begin(), {"embed", "--quiet", "--model", "out", "--output", name});
    EXPECT_EQ(host(options).code, 0);
    return map_npy(folder_ / name).clone();
  };
  const auto plain = embedded("a.npy", {"photos/class_0"}), mirror = embedded("b.npy", {"turned/class_0"});
  EXPECT_GT((plain - mirror).abs().max().item<float>(), 1e-3F);
  const auto both = embedded("c.npy", {"photos/class_0", "--mirror"});
  EXPECT_TRUE(at::allclose(both, (plain + mirror) / 2, 1e-4, 1e-5));

  said({"build", "--model", "out", "--output", "i", "--mirror", "--precision", "float32", "photos/class_0"});
  EXPECT_TRUE(at::allclose(rows(), l2_normalized(both), 1e-4, 1e-5));
  EXPECT_THAT(index({"info", "i"}).out, HasSubstr("means of pictures and their mirror images"));
  for (const auto* query : {"photos/class_0/2.ppm", "turned/class_0/2.ppm"}) {
    const auto found = json::parse(host({"search", "--index", "i", "-k", "1", "--json", query}).out);
    EXPECT_EQ(found["results"][0]["found"][0]["id"], "photos/class_0/2.ppm");
    EXPECT_LT(found["results"][0]["found"][0]["distance"].get<double>(), 1e-5)
        << query << " has the same mean";
  }
  said({"add", "i", "turned/class_0/4.ppm"});
  const auto added =
      json::parse(host({"search", "--index", "i", "-k", "1", "--json", "--id", "turned/class_0/4.ppm"}).out);
  EXPECT_LT(added["results"][0]["found"][0]["distance"].get<double>(), 1e-5);
}

TEST_F(IndexOfPictures, keeps_small_pictures_that_pages_show_when_the_pictures_are_gone) {
  const auto path = folder_.path();
  said({"build", "--model", "out", "--output", "i", "--thumbnails", "photos/class_0", "photos/class_1"});
  EXPECT_EQ(info()["thumbnails"]["count"], 12);
  EXPECT_EQ(said({"add", "i", "photos/class_2"})["added"], 6);
  EXPECT_EQ(info()["thumbnails"]["count"], 18) << "what was asked for at first holds";
  EXPECT_THAT(index({"info", "i"}).out, HasSubstr("thumbnails   18, "));
  EXPECT_EQ(index({"verify", "i"}).code, 0);

  said({"build", "--model", "out", "--output", "plain", "photos/class_0", "photos/class_3"});
  EXPECT_EQ(info("plain")["thumbnails"]["count"], 0);
  fs::copy_file(path / "photos/class_5/0.ppm", path / "photos/class_3/1.ppm",
                fs::copy_options::overwrite_existing);
  const auto updated = said({"update", "plain", "--thumbnails"});
  EXPECT_EQ(updated["updated"], 1);
  EXPECT_EQ(updated["thumbnails_added"], 11) << "beside the one that was embedded anew";
  EXPECT_EQ(said({"update", "plain", "--thumbnails"})["thumbnails_added"], 0);

  fs::remove_all(path / "photos");
  const auto shown = [&](const std::vector<std::string>& command) {
    EXPECT_EQ(host(command).code, 0);
    const auto page = read_file(folder_ / "page.html");
    size_t count = 0;
    for (auto at = page.find("data:image/jpeg;base64,/9j/"); at != std::string::npos;
         at = page.find("data:image/jpeg;base64,/9j/", at + 1))
      ++count;
    EXPECT_EQ(page.find("cannot be read"), std::string::npos);
    return count;
  };
  EXPECT_EQ(
      shown({"search", "--index", "i", "--id", "photos/class_1/3.ppm", "-k", "5", "--html", "page.html"}), 6u)
      << "the query, too";
  EXPECT_GE(shown({"dedup", "i", "--limit", "2", "--html", "page.html"}), 18u);
  said({"remove", "i", "photos/class_0/0.ppm"});
  said({"compact", "i"});
  EXPECT_EQ(info()["thumbnails"]["count"], 17);
  EXPECT_EQ(
      shown({"search", "--index", "i", "--id", "photos/class_1/3.ppm", "-k", "5", "--html", "page.html"}),
      6u);
}

TEST_F(IndexOfPictures, shows_the_worst_of_a_pipeline_by_their_small_pictures) {
  const auto built =
      said({"build", "--model", "out", "--output", "i", "--data", "pipeline.json", "--thumbnails"});
  EXPECT_EQ(built["items"], 48);
  EXPECT_EQ(info()["thumbnails"]["count"], 48);
  fs::remove_all(folder_.path() / "photos");
  ASSERT_EQ(index({"outliers", "i", "-k", "40", "--html", "page.html"}).code, 0);
  const auto page = read_file(folder_ / "page.html");
  EXPECT_THAT(page, HasSubstr("<figure class=\"query\"><img alt=\"\" src=\"data:image/jpeg;base64,/9j/"));
  EXPECT_EQ(page.find("cannot be read"), std::string::npos);
}

TEST_F(IndexOfPictures, leaves_out_what_cannot_be_read_and_says_why) {
  write_file_atomically(folder_ / "photos/class_0/bad.ppm", "P6 and no more");
  const auto built = said({"build", "--model", "out", "--output", "i", "photos/class_0"});
  EXPECT_EQ(built["items"], 6);
  EXPECT_EQ(built["failed"], 1);
  EXPECT_THAT(built["failures"][0]["path"], HasSubstr("bad.ppm"));
  const auto added = index({"add", "i", "photos/class_0/bad.ppm"});
  EXPECT_EQ(added.code, 1);
  EXPECT_THAT(added.error, HasSubstr("1 of 1 inputs could not be embedded"));
}

}  // namespace
}  // namespace kindred
