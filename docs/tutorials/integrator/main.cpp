#include <kindred/inference.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

/// similar MODEL QUERY PICTURE...: prints the three pictures that are most similar to the query.
int main(int argc, char** argv) try {
  const auto model = kindred::SimilarityModel::load(argc > 1 ? argv[1] : "");
  std::vector<kindred::Input> inputs;
  for (int i = 2; i < argc; ++i) inputs.push_back(kindred::Input::file(argv[i]));

  const auto found = model.encode(inputs);
  for (const auto& error : found.errors) std::fprintf(stderr, "left out: %s\n", error.message.c_str());

  const auto dot = [&](size_t a, size_t b) {
    double sum = 0;
    for (size_t d = 0; d < found.dimension; ++d) sum += found.row(a)[d] * found.row(b)[d];
    return sum;
  };
  std::vector<std::pair<double, size_t>> ranking;  // cosine similarity to the query, which is input 0
  for (size_t i = 1; i < found.count; ++i) {
    const double similarity = dot(0, i) / std::sqrt(dot(0, 0) * dot(i, i));
    if (!std::isnan(similarity)) ranking.emplace_back(similarity, i);
  }
  std::sort(ranking.rbegin(), ranking.rend());
  for (size_t i = 0; i < std::min<size_t>(3, ranking.size()); ++i)
    std::printf("%.3f  %s\n", ranking[i].first, argv[2 + ranking[i].second]);
  return ranking.empty() ? 1 : 0;
} catch (const kindred::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
