#include "host/index/index_state.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <filesystem>

#include "kindred/error.hpp"
#include "kindred/exact_search.hpp"
#include "kindred/finite.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// An index may come from a stranger: it names no file outside its folder.
void check_names(const IndexState& state, const std::string& database) {
  const auto check = [&](const std::filesystem::path& name) {
    bool leaves = name.is_absolute();
    for (const auto& part : name) leaves = leaves || part == "..";
    if (leaves)
      throw Error(fmt::format("{} names the file {}, which does not lie in the folder of the index; refused",
                              database, name.string()));
  };
  for (const auto& segment : state.segments) check(segment.file);
  check(state.component.folder);
  check(state.whitening.folder);
  for (const auto& file : state.component.files) check(file.name);
  for (const auto& file : state.whitening.files) check(file.name);
}

}  // namespace

std::string note_name(const std::string& name) { return "note." + name; }

IndexState read_state(Database& database) {
  ItemTable table(database);
  IndexState state;
  try {
    const auto facts = table.fact("state");
    state.generation = facts.at("generation");
    state.commits = facts.at("commits");
    state.next_file = facts.at("next_file");
    state.component = component_from_json(table.fact("component"));
    if (const auto learned = table.fact("whitening"); !learned.is_null())
      state.whitening = {learned.at("folder"), files_from_json(learned.at("files")), learned.at("rows")};
  } catch (const json::exception& error) {
    throw Error(fmt::format("{} is damaged: {}; take the folder from a copy, or build the index again",
                            database.path(), error.what()));
  }
  state.segments = table.segments();
  state.rows = table.rows();
  state.removed = table.removed();
  int64_t stored = 0;
  for (const auto& segment : state.segments) stored += segment.rows;
  if (stored != state.rows || state.component.covered > state.rows || state.component.covered < 0) {
    throw Error(
        fmt::format("{} is damaged: it knows {} items, {} stored rows and an index over {} rows; take "
                    "the folder from a copy, or build the index again",
                    database.path(), state.rows, stored, state.component.covered));
  }
  check_names(state, database.path());
  return state;
}

void write_state(ItemTable& table, const IndexState& state) {
  table.set_fact(
      "state",
      {{"generation", state.generation}, {"commits", state.commits}, {"next_file", state.next_file}});
  table.set_fact("component", to_json(state.component));
  const auto& learned = state.whitening;
  if (!learned.folder.empty()) {
    table.set_fact("whitening",
                   {{"folder", learned.folder}, {"files", to_json(learned.files)}, {"rows", learned.rows}});
  }
}

bool waits_for_whitening(const IndexSpace& space, const IndexState& state) {
  return space.change.whiten > 0 && state.whitening.folder.empty();
}

IndexSpace space_now(const IndexSpace& promised, const IndexState& state) {
  auto space = promised;
  if (!waits_for_whitening(promised, state)) return space;
  space.dimension = space.change.cut > 0 ? space.change.cut : space.embedding_dimension();
  space.precision = at::kFloat;
  return space;
}

at::Tensor stored_form(const IndexSpace& space, const at::Tensor& rows) {
  if (rows.dim() != 2 || rows.size(1) != space.dimension) {
    throw Error(
        fmt::format("the rows have {} numbers each, and those of the index have {}; were they made by "
                    "another model?",
                    rows.dim() == 2 ? rows.size(1) : rows.numel(), space.dimension));
  }
  const auto plain = rows.to(at::kCPU, at::kFloat).contiguous();
  const auto refuse = [&](const at::Tensor& given, const std::string& advice) {
    const auto wrong = rows_not_finite(given);
    if (wrong.numel() == 0) return;
    const auto first = wrong.data_ptr<int64_t>()[0];
    throw Error(fmt::format("row {} of {} cannot be stored: {}{}", first, rows.size(0),
                            what_is_not_finite(given[first].to(at::kFloat)), advice));
  };
  refuse(plain, "");
  check_rows(space.distance, plain, "row");
  const auto stored = (space.unit_length() ? l2_normalized(plain) : plain).to(space.precision).contiguous();
  if (!space.unit_length() && space.precision == at::kHalf)
    refuse(stored.to(at::kFloat), " once it is a number of float16; make the index with float32 rows");
  return stored;
}

}  // namespace kindred::host
