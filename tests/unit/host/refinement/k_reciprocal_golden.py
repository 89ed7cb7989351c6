#!/usr/bin/env python3
"""Prints what k_reciprocal_golden.hpp holds: re-ranking as Zhong et al. 2017 define it, written from the paper with
sets and float64, and without a look at the C++.   python3 k_reciprocal_golden.py > k_reciprocal_golden.hpp"""
import numpy as np

QUERIES, ROWS, WIDTH = 3, 24, 5


def rows():
    i, d = np.meshgrid(np.arange(QUERIES + ROWS), np.arange(WIDTH), indexing="ij")
    return np.sin(1.7 * (i % 6) + 2.3 * d + 0.9 * np.sin(3.1 * i + d))


def reranked(x, k1, k2, weight):
    count = len(x)
    squared = ((x[:, None] - x[None]) ** 2).sum(-1)
    distance = squared / squared.max(axis=1, keepdims=True)
    order = np.array([sorted(range(count), key=lambda j, i=i: (j != i, distance[i, j], j)) for i in range(count)])

    def reciprocal(i, k):  # N(i, k) holds the row itself and its k nearest
        return {int(j) for j in order[i, :k + 1] if i in order[j, :k + 1]}

    vectors = np.zeros((count, count))
    for i in range(count):
        own = reciprocal(i, k1)
        grown = set(own)
        for j in own:
            more = reciprocal(j, int(np.around(k1 / 2)))
            if len(more & own) > 2 / 3 * len(more):
                grown |= more
        members = sorted(grown)
        vectors[i, members] = np.exp(-distance[i, members])
        vectors[i] /= vectors[i].sum()
    vectors = np.array([vectors[order[i, :k2]].mean(axis=0) for i in range(count)])
    jaccard = np.array([[1 - np.minimum(vectors[q], vectors[g]).sum() / np.maximum(vectors[q], vectors[g]).sum()
                         for g in range(QUERIES, count)] for q in range(QUERIES)])
    return (1 - weight) * jaccard + weight * distance[:QUERIES, QUERIES:]


print("""#pragma once

#include <vector>

/// k_reciprocal_golden.py has computed these in float64.
namespace kindred::host::golden {

constexpr int64_t kQueries = %d, kRows = %d, kWidth = %d;

struct Reranked {
  int64_t k1, k2;
  double lambda;
  std::vector<float> distances;  ///< (kQueries, kRows)
};

inline const std::vector<Reranked> kReranked = {""" % (QUERIES, ROWS, WIDTH))
for k1, k2, weight in ((6, 3, 0.3), (20, 6, 0.3), (5, 1, 0.0), (9, 2, 1.0)):
    values = ", ".join(f"{v:.7f}F" for v in reranked(rows(), k1, k2, weight).ravel())
    print(f"    {{{k1}, {k2}, {weight}, {{{values}}}}},")
print("};\n\n}  // namespace kindred::host::golden")
