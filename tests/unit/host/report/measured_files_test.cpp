#include "host/report/measured_files.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/report/query_table.hpp"
#include "host/report/test_map.hpp"
#include "kindred/io/file.hpp"
#include "made_dataset.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using testing::TemporaryFolder;

/// The two directions of most variance by LAPACK, with all others.
void expect_plane_of(const at::Tensor& rows, double tolerance) {
  const auto plane = principal_plane(rows);
  const auto centred = rows.to(at::kDouble) - rows.to(at::kDouble).mean(0);
  const auto [values, vectors] = at::linalg_eigh(centred.t().matmul(centred), "L");
  const auto last = values.size(0) - 1;
  for (int64_t axis = 0; axis < 2; ++axis) {
    auto expected = centred.matmul(vectors.select(1, last - axis));
    const auto direction = vectors.select(1, last - axis);
    expected = expected * direction[direction.abs().argmax()].sign();
    const auto found = plane.points.select(1, axis).to(at::kDouble);
    EXPECT_LT((found - expected).abs().max().item<double>(), tolerance * expected.abs().max().item<double>())
        << "axis " << axis;
  }
  const auto share = (values[last] + values[last - 1]).item<double>() / values.sum().item<double>();
  EXPECT_NEAR(plane.variance_share, share, 1e-4);
}

TEST(PrincipalPlane, has_the_directions_that_solving_the_whole_covariance_gives) {
  at::manual_seed(1);
  const auto few = at::randn({200, 5}) * at::tensor({3.0, 0.5, 2.0, 0.1, 1.0}, at::kFloat) + 7;
  expect_plane_of(few, 1e-4);
  // More numbers than the iteration has directions, and the largest variance lies across all of them.
  const auto turned = at::randn({300, 2}).matmul(at::randn({2, 120})) * 0.5 + at::randn({300, 120}) * 0.2;
  expect_plane_of(turned, 1e-3);
}

TEST(PrincipalPlane, is_zero_where_rows_do_not_vary) {
  const auto same = principal_plane(at::ones({4, 3}));
  EXPECT_TRUE(same.points.eq(0).all().item<bool>());
  const auto line = principal_plane(at::arange(4, at::kFloat).unsqueeze(1));
  EXPECT_TRUE(line.points.select(1, 1).eq(0).all().item<bool>());
  EXPECT_NEAR(line.variance_share, 1, 1e-6);
  EXPECT_EQ(principal_plane(at::empty({0, 3})).points.size(0), 0);
}

/// Three classes with names that a table and a page must not take for their own signs.
class Named final : public Dataset {
 public:
  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t size() const override { return 7; }
  const std::vector<int64_t>& labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return {"a, \"b\"", "<script>\nx", "alone"}; }
  at::Tensor read(int64_t) const override { return at::zeros({1}); }
  std::string sample_name(int64_t index) const override { return "\xE9," + std::to_string(index); }
  std::string fingerprint() const override { return "named"; }

 private:
  std::vector<int64_t> labels_ = {0, 0, 0, 1, 1, 1, 2};
};

TEST(MeasuredFiles, hold_every_query_that_counts_and_its_numbers_to_the_last_bit) {
  const TemporaryFolder folder("measured_files");
  const Named dataset;
  const auto rows = all_samples(7);
  RetrievalTask task;
  task.labels = at::tensor(dataset.labels(), at::kLong);
  at::manual_seed(5);
  const auto base = at::randn({7, 4}), tuned = at::randn({7, 4});
  Measured base_values, tuned_values;
  MetricValue metric{};
  metric.name = "precision@1";
  metric.by_query = {0.1, 1.0 / 3, 0, 1, 0.7, 1e-300, NAN};
  base_values.metrics = {metric};
  metric.by_query[1] = 2.0 / 3;
  tuned_values.metrics = {metric};
  write_measured_files(folder.path().string(),
                       {dataset, rows, task, base, tuned, 3, Distance(Distance::cosine)}, base_values,
                       tuned_values);

  const auto table = read_query_table(folder.path().string());
  ASSERT_EQ(table.samples.size(), 6U) << "a class of one has nothing to find";
  EXPECT_EQ(table.samples[2], "\\xE9,2");
  EXPECT_EQ(table.classes[0], "a, \"b\"");
  EXPECT_EQ(table.classes[4], "<script>\nx");
  EXPECT_EQ(table.labels[4], 1);
  EXPECT_EQ(table.base.at(0).name, "precision@1");
  EXPECT_EQ(table.base[0].values[1], 1.0 / 3);
  EXPECT_EQ(table.base[0].values[5], 1e-300);
  EXPECT_EQ(table.tuned[0].values[1], 2.0 / 3);
  ASSERT_EQ(table.tuned_further.size(), 4U);
  const auto distances = distance_matrix(Distance::cosine, tuned, tuned);
  double before = table.tuned_nearest.distances[0];
  EXPECT_NEAR(before, distances[0].slice(0, 1, 7).min().item<double>(), 1e-6);
  for (const auto& further : table.tuned_further) {
    EXPECT_LE(before, further.distances[0]);
    before = further.distances[0];
  }

  const auto map = nlohmann::json::parse(read_file(folder / kMapFile));
  EXPECT_EQ(map["samples"].size(), 7U);
  EXPECT_EQ(map["classes"].at(map["class_of"][3].get<size_t>()), "<script>\nx");
  EXPECT_EQ(map["tuned"]["x"].size(), 7U);
  EXPECT_EQ(map["pairs"], false);
}

}  // namespace
}  // namespace kindred::host
