#pragma once

#include "kindred/params.hpp"

namespace kindred {

/// Declares the "dropout" of a head.
template <class Params>
void describe_dropout(Schema<Params>& schema) {
  schema.field("dropout", &Params::dropout)
      .doc("Share of the inputs that are zeroed while training.")
      .range(0, 0.99);
}

}  // namespace kindred
