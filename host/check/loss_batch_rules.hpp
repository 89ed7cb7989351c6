#pragma once

#include <memory>
#include <vector>

#include "host/check/examples/loss_examples.hpp"
#include "host/check/rule.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {

/// Returns the gradient of a loss with respect to the embeddings of an example; breaks the rule where there
/// is none.
at::Tensor gradient_of(Loss& loss, const LossExample& of);

/// Makes a loss whose parameters (class proxies) are float64, so that the whole computation is.
std::shared_ptr<Loss> double_loss(const Subject& subject);

/// Returns what holds for a batch however it is put together: of labels, of pairs, of parts, of the shares of
/// several processes.
std::vector<Rule> loss_batch_rules();

}  // namespace kindred::host
