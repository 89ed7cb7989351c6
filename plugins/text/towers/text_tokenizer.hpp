#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace kindred {

/// Text to the tokens that an image-text model was trained on. [thread-safe]
class TextTokenizer {
 public:
  virtual ~TextTokenizer() = default;

  /// The tokens of UTF-8 text, with those that begin and end it; at most `longest` of them, the ending one
  /// among them.
  virtual std::vector<int64_t> operator()(std::string_view text, int64_t longest) const = 0;

  /// What ends a text, and what fills it up.
  virtual int64_t end() const = 0;
  virtual int64_t padding() const = 0;
  /// The largest number of a token.
  virtual int64_t largest() const = 0;
};

}  // namespace kindred
