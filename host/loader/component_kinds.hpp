#pragma once

/// The kinds of component that this host knows: one row per interface of the SDK and the name under which
/// pipelines, plugins and `host list --kind` know it (the interface's kKind), in the order of a sample's way
/// from file to metric. What the host does for every kind follows from the rows:
///
///   contracts/contracts.hpp       declares the contract of each; contracts/<kind>_contract.cpp defines it
///   check/rule.hpp                declares what kindred-check tries; check/<kind>_rules.cpp defines it
///   pipeline/pipeline_schema.cpp  describes every component of each
///
/// A row without rules does not link. docs/design/abi.md says what else belongs to a new kind, and
/// component_kinds_test.cpp holds it to that.
#define KINDRED_COMPONENT_KINDS(ROW) \
  ROW(Dataset, "dataset")            \
  ROW(Decoder, "decoder")            \
  ROW(Transform, "transform")        \
  ROW(Encoder, "encoder")            \
  ROW(Head, "head")                  \
  ROW(Loss, "loss")                  \
  ROW(Miner, "miner")                \
  ROW(BatchSampler, "batch_sampler") \
  ROW(EvalSampler, "eval_sampler")   \
  ROW(Metric, "metric")              \
  ROW(Tracker, "tracker")            \
  ROW(Index, "index")

namespace kindred {

#define KINDRED_DECLARE(Interface, name) class Interface;
KINDRED_COMPONENT_KINDS(KINDRED_DECLARE)
#undef KINDRED_DECLARE

namespace host {

#define KINDRED_NAME(Interface, name) name,
/// These are the names alone, in the order of the rows.
inline constexpr const char* kComponentKinds[] = {KINDRED_COMPONENT_KINDS(KINDRED_NAME)};
#undef KINDRED_NAME

}  // namespace host
}  // namespace kindred
