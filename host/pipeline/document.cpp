#include "host/pipeline/document.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr int kLargestNesting = 64;
constexpr size_t kLargestFile = 16u << 20;
constexpr int kLongestChain = 16;  // files that extend each other

[[noreturn]] void fail(const std::string& file, const std::string& pointer, const std::string& message) {
  throw PipelineError({{file, pointer, message}});
}

std::string escaped(const std::string& key) {
  std::string out;
  for (char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

json parse_text(const std::string& file, const std::string& text) {
  if (text.size() > kLargestFile)
    fail(file, "", "the file is larger than 16 MiB; a pipeline has a few kilobytes");
  int depth = 0, deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  if (deepest > kLargestNesting) fail(file, "", "values are nested deeper than 64 levels");
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    if (const auto fault = encoding_fault(text, file); !fault.empty()) fail(file, "", fault);
    const size_t end = std::min(error.byte > 0 ? error.byte - 1 : 0, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
    const auto last_newline = text.rfind('\n', end == 0 ? 0 : end - 1);
    const size_t column = last_newline == std::string::npos ? end + 1 : end - last_newline;
    std::string reason = error.what();
    if (const auto colon = reason.find("column "); colon != std::string::npos) {
      if (const auto start = reason.find(": ", colon); start != std::string::npos)
        reason = reason.substr(start + 2);
    }
    fail(file, "",
         "line " + std::to_string(line) + ", column " + std::to_string(column) + " is not JSON: " + reason);
  } catch (const json::out_of_range& error) {
    std::string number = error.what();  // "[...] number overflow parsing 'DIGITS'"
    if (const auto begin = number.find('\''); begin != std::string::npos) {
      number = number.substr(begin + 1, number.rfind('\'') - begin - 1);
    }
    if (number.size() > 40) number = number.substr(0, 40) + "...";
    fail(file, "", "the number " + number + " is too large; numbers go up to 1.8e308");
  }
}

using Origins = std::map<std::string, Document::Origin>;

void record_origins(const json& value, const std::string& pointer, const Document::Origin& origin,
                    Origins& origins) {
  if (value.is_object()) {
    for (const auto& [key, child] : value.items())
      record_origins(child, pointer + "/" + escaped(key), origin, origins);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      record_origins(value[i], pointer + "/" + std::to_string(i), origin, origins);
    }
  }
  origins[pointer] = origin;
}

void forget_origins(const std::string& pointer, Origins& origins) {
  for (auto it = origins.lower_bound(pointer); it != origins.end() && it->first.rfind(pointer, 0) == 0;) {
    it = is_at_or_below(it->first, pointer) ? origins.erase(it) : std::next(it);
  }
}

void merge(json& base, const json& patch, const std::string& pointer, const Document::Origin& origin,
           Origins& origins) {
  for (const auto& [key, value] : patch.items()) {
    const auto child = pointer + "/" + escaped(key);
    const bool both_objects = value.is_object() && base.contains(key) && base[key].is_object();
    const bool same_type = both_objects && (!value.contains("type") || !base[key].contains("type") ||
                                            value["type"] == base[key]["type"]);
    if (same_type) {
      merge(base[key], value, child, origin, origins);
      continue;
    }
    forget_origins(child, origins);
    if (value.is_null()) {
      base.erase(key);
    } else {
      base[key] = value;
      record_origins(value, child, origin, origins);
    }
  }
}

void expand(json& value, const std::string& file, const std::string& pointer, std::vector<Issue>& issues);

Document load_chain(const std::string& path, int links) {
  std::string text;
  try {
    text = text_content(read_file(path), path);
  } catch (const Error& error) {
    fail(path, "", error.what());
  }
  json value = parse_text(path, text);
  if (!value.is_object())
    fail(path, "", std::string("a pipeline is a JSON object, this is ") + value.type_name());
  const auto folder = fs::absolute(path).parent_path().lexically_normal().string();
  Document document{path, json::object(), {}, {}};
  if (const auto it = value.find("extends"); it != value.end()) {
    if (!it->is_string()) fail(path, "/extends", "expected the path of another pipeline file");
    if (links >= kLongestChain)
      fail(path, "/extends", "more than 16 files extend each other; is there a circle?");
    std::vector<Issue> issues;
    expand(*it, path, "/extends", issues);
    if (!issues.empty()) throw PipelineError(issues);
    document = load_chain((fs::path(folder) / it->get<std::string>()).lexically_normal().string(), links + 1);
    document.file = path;
  }
  value.erase("extends");
  value.erase("$schema");
  merge(document.value, value, "", {path, folder}, document.origins);
  return document;
}

void apply_override(Document& document, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    fail(document.file, "",
         "--set " + text + ": expected path.to.key=value, for example --set train.epochs=5");
  }
  json value = json::parse(text.substr(equals + 1), nullptr, false);
  if (value.is_discarded()) value = text.substr(equals + 1);
  std::string pointer;
  json* place = &document.value;
  const std::string path = text.substr(0, equals);
  for (size_t begin = 0; begin <= path.size();) {
    const auto dot = std::min(path.find('.', begin), path.size());
    const auto key = path.substr(begin, dot - begin);
    begin = dot + 1;
    pointer += "/" + escaped(key);
    if (place->is_array()) {
      const bool digits =
          !key.empty() && key.size() < 7 && key.find_first_not_of("0123456789") == std::string::npos;
      if (!digits || std::stoull(key) >= place->size()) {
        fail(document.file, pointer,
             "--set " + text + ": the list has " + std::to_string(place->size()) +
                 " elements, numbered from 0; there is no `" + key + "`");
      }
      place = &(*place)[std::stoull(key)];
    } else if (place->is_object() || place->is_null()) {
      place = &(*place)[key];
    } else {
      fail(document.file, pointer, "--set " + text + ": the value above it is not an object");
    }
  }
  *place = value;
  forget_origins(pointer, document.origins);
  record_origins(value, pointer, {document.file, fs::current_path().string()}, document.origins);
}

/// null stands for a key that is not given, also where there is nothing to remove: no check behind this
/// one needs to tell a null from an absent key.
void drop_nulls(json& value) {
  if (value.is_object()) {
    for (auto it = value.begin(); it != value.end();) it = it->is_null() ? value.erase(it) : std::next(it);
  }
  if (value.is_structured()) {
    for (auto& child : value) drop_nulls(child);
  }
}

void expand(json& value, const std::string& file, const std::string& pointer, std::vector<Issue>& issues) {
  if (value.is_structured()) {
    const bool array = value.is_array();
    size_t index = 0;
    for (auto it = value.begin(); it != value.end(); ++it, ++index) {
      expand(*it, file, pointer + "/" + (array ? std::to_string(index) : escaped(it.key())), issues);
    }
    return;
  }
  if (!value.is_string()) return;
  const auto& text = value.get_ref<const std::string&>();
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "${") != 0) {
      out += text[i++];
      continue;
    }
    const auto close = text.find('}', i);
    if (close == std::string::npos) {
      issues.push_back({file, pointer, "`" + text + "` has ${ without }"});
      return;
    }
    const auto inside = text.substr(i + 2, close - i - 2);
    const auto separator = inside.find(":-");
    const auto name = inside.substr(0, separator);
    if (const char* found = std::getenv(name.c_str()); found != nullptr && *found != '\0') {
      out += found;
    } else if (separator != std::string::npos) {
      out += inside.substr(separator + 2);
    } else {
      issues.push_back(
          {file, pointer,
           "the environment variable " + name + " is not set; set it, or write ${" + name + ":-default}"});
    }
    i = close + 1;
  }
  value = out;
}

/// Returns the origin of the longest prefix that has one; null where none has.
const Document::Origin* origin_of(const Origins& origins, const std::string& pointer) {
  for (std::string prefix = pointer;; prefix.resize(prefix.rfind('/'))) {
    if (const auto it = origins.find(prefix); it != origins.end()) return &it->second;
    if (prefix.empty()) return nullptr;
  }
}

}  // namespace

std::string Document::resolve_path(const std::string& pointer, const std::string& path) const {
  if (path.empty() || fs::path(path).is_absolute()) return path_of_shown(path);
  const auto* origin = origin_of(origins, pointer);
  const auto folder = origin != nullptr ? origin->folder : fs::absolute(file).parent_path().string();
  return path_of_shown((fs::path(folder) / path).lexically_normal().string());
}

const std::string& Document::file_of(const std::string& pointer) const {
  const auto* origin = origin_of(origins, pointer);
  return origin != nullptr ? origin->file : file;
}

Document read_document(const std::string& path, const std::vector<std::string>& overrides) {
  auto document = load_chain(path, 0);
  for (const auto& text : overrides) {
    try {
      apply_override(document, text);
    } catch (const PipelineError& error) {
      document.issues.insert(document.issues.end(), error.issues().begin(), error.issues().end());
    }
  }
  drop_nulls(document.value);
  std::vector<Issue> unexpanded;
  expand(document.value, path, "", unexpanded);
  for (const auto& one : unexpanded)
    document.issues.push_back({document.file_of(one.pointer), one.pointer, one.message});
  return document;
}

Document load_document(const std::string& path, const std::vector<std::string>& overrides) {
  auto document = read_document(path, overrides);
  if (!document.issues.empty()) throw PipelineError(document.issues);
  return document;
}

}  // namespace kindred::host
