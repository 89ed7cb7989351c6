#pragma once

#include <string>

namespace kindred::host {

/// Texts by name, which all processes of a group see: where they introduce themselves and say that they are
/// alive. [one thread at a time]
class KeyStore {
 public:
  virtual ~KeyStore() = default;
  /// All of them throw std::exception where the store cannot be reached any more.
  virtual void set(const std::string& key, const std::string& text) = 0;
  /// Call for keys that are there.
  virtual std::string get(const std::string& key) = 0;
  virtual bool has(const std::string& key) = 0;
  /// Adds to the number of a key, which begins at 0, and returns what it is now.
  virtual long add(const std::string& key, long number) = 0;
};

}  // namespace kindred::host
