#pragma once

#include <exception>

#include "host/base/text.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

/// Calls what a library offers to other programs, and lets nothing but Error out.
template <class Call>
auto as_error(Call&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(without_trace(error.what()));
  } catch (...) {
    throw Error("an exception that is not a std::exception, of unknown origin");
  }
}

}  // namespace kindred::host
