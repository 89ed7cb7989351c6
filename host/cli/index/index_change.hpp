#pragma once

#include "host/base/context.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/index/index_encoder.hpp"
#include "host/index/index_writer.hpp"

namespace kindred::host {

/// The space of an index that --cut, --whiten, --mirror, --distance and --precision of a build ask for.
/// Throws UsageError where the model's embeddings have too few numbers, or the distance does not go with
/// whitening.
IndexSpace asked_space(const CommandLine& command, const IndexEncoder& encoder);

/// Says whether a build asks for the --cut, --whiten and --mirror that the index was begun with.
bool is_same_change(const CommandLine& command, const IndexWriter& writer);

/// Throws Error where an index that a build goes on with was begun with other --cut, --whiten or --mirror.
void check_same_change(const CommandLine& command, const IndexWriter& writer);

/// Throws Error where so many rows in all are too few for the whitening that the rows of an index wait for:
/// asked before anything is embedded.
void check_enough_rows(const IndexWriter& writer, int64_t rows);

/// The end of a build: learns the whitening that the rows wait for, and stores them by it. Does nothing where
/// none is asked for or that was done. Throws Error.
void whiten_rows(IndexWriter& writer, Context& context);

}  // namespace kindred::host
