#pragma once

#include <cstdint>

namespace kindred {

/// SplitMix64 (Steele, Lea, Flood 2014): a bijective mixer of 64 bits.
constexpr uint64_t splitmix64(uint64_t v) {
  v += 0x9E3779B97F4A7C15ull;
  v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9ull;
  v = (v ^ (v >> 27)) * 0x94D049BB133111EBull;
  return v ^ (v >> 31);
}

/// A small generator whose state is its place in a stream. Streams are addressed by keys (seed, epoch,
/// sample), so what a sample draws does not depend on which thread serves it or in which order.
class Random {
 public:
  template <class... Keys>
  explicit Random(uint64_t seed, Keys... keys) : state_(splitmix64(seed)) {
    ((state_ = splitmix64(state_ ^ static_cast<uint64_t>(keys))), ...);
  }

  uint64_t next() { return splitmix64(state_ += 0x9E3779B97F4A7C15ull); }
  /// Draws a number uniformly from [0, 1), with 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Draws a number uniformly from [0, n); n > 0.
  int64_t below(int64_t n) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<int64_t>((static_cast<Wide>(next()) * static_cast<uint64_t>(n)) >> 64);
  }
  bool chance(double probability) { return uniform() < probability; }

  /// Fisher-Yates on a random access range; the same for every standard library.
  template <class Iterator>
  void shuffle(Iterator first, Iterator last) {
    for (auto n = last - first; n > 1; --n) {
      auto j = below(n);
      auto tmp = *(first + (n - 1));
      *(first + (n - 1)) = *(first + j);
      *(first + j) = tmp;
    }
  }

 private:
  uint64_t state_;
};

}  // namespace kindred
