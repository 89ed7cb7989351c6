#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kindred::host {

/// One part of a form (RFC 7578). It refers to the body.
struct FormPart {
  std::string name;          ///< of the field
  std::string file_name;     ///< as the client gives it, never to be opened; "" where it is no file
  std::string content_type;  ///< in lower case; "" where it is not said
  std::string_view content;
};

/// Takes a body of multipart/form-data apart. `content_type` is the field of the header with the boundary.
/// `body` must outlive the parts. Throws Error with a sentence where it is none, or has more parts than
/// `most`.
std::vector<FormPart> form_parts(const std::string& content_type, std::string_view body, size_t most);

}  // namespace kindred::host
