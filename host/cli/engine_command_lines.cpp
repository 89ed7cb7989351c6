#include "host/cli/engine_command_lines.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kindred::host {
namespace po = boost::program_options;
namespace {

void add_set(CommandLine& command, const char* text) {
  command.add()("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE")->composing(), text);
}

}  // namespace

CommandLine run_command_line() {
  CommandLine command(
      "run PIPELINE [--set KEY=VALUE ...] [--output DIR] [--resume DIR]",
      "Trains and measures what a pipeline file says. Leaves a run folder with pipeline.json, log.txt, "
      "history.jsonl,\nresult.json, retrieval.png, checkpoints/ and the servable model/.",
      "host run datasets/toy_cars/pipeline.json --set train.epochs=3");
  command.positional({"PIPELINE"}, 1);
  add_set(command, "override a value, for example train.epochs=5; may repeat");
  command.add()("output", po::value<std::string>()->value_name("DIR"),
                "the run's folder, instead of one named by the time")(
      "resume", po::value<std::string>()->value_name("DIR"), "continue an interrupted run in its folder");
  return command;
}

CommandLine validate_command_line() {
  CommandLine command(
      "validate PIPELINE [--set KEY=VALUE ...]",
      "Checks a pipeline file: every problem with its place, what was expected and a suggestion.",
      "host validate datasets/toy_cars/pipeline.json");
  command.positional({"PIPELINE"}, 1);
  add_set(command, "override a value, for example train.epochs=5; may repeat");
  return command;
}

CommandLine evaluate_command_line() {
  CommandLine command(
      "evaluate PIPELINE --model DIR [--set KEY=VALUE ...] [--output FILE]",
      "Measures a model on the test classes of a pipeline's dataset, beside the pipeline's encoder alone.",
      "host evaluate datasets/toy_cars/pipeline.json --model runs/toy_cars/20261124T100000Z/model");
  command.positional({"PIPELINE"}, 1);
  command.add()("model", po::value<std::string>()->value_name("DIR"),
                "servable model (the folder model/ of a run)");
  add_set(command, "override a value, for example evaluate.baseline=false; may repeat");
  command.add()("output", po::value<std::string>()->value_name("FILE"),
                "also write the metrics as JSON to this file");
  return command;
}

CommandLine embed_command_line() {
  CommandLine command(
      "embed (--model DIR | --pipeline FILE) --output FILE.npy (PATHS... | --data FILE)",
      "Writes embeddings as a float32 NumPy array, rows in input order, and beside it a .jsonl file with a "
      "line\n"
      "per input: its path and its row, or the error that kept it out. PATHS are files, folders, or - for a\n"
      "list of paths on the standard input. A model of texts embeds every line of text files; - stands for\n"
      "lines of text on the standard input. --data embeds all samples of a pipeline's dataset, such as "
      "records\n"
      "for a model with several encoders.",
      "host embed --model runs/toy_cars/20261124T100000Z/model --output cars.npy photos/");
  command.positional({"PATHS"}, 0, true);
  command.add()("model", po::value<std::string>()->value_name("DIR"),
                "servable model (the folder model/ of a run)")(
      "pipeline", po::value<std::string>()->value_name("FILE"),
      "the encoders of this pipeline, without any training")(
      "data", po::value<std::string>()->value_name("FILE"),
      "a pipeline whose dataset is embedded, in place of PATHS");
  add_set(command, "with --pipeline: override a value");
  command.add()("output", po::value<std::string>()->value_name("FILE.npy"), "where the embeddings go")(
      "batch-size", po::value<int64_t>()->value_name("N")->default_value(32), "samples encoded at once")(
      "device", po::value<std::string>()->value_name("NAME")->default_value("auto"),
      "auto, cpu, cuda or cuda:N");
  return command;
}

CommandLine doctor_command_line() {
  return {"doctor", "Says what this installation runs on and which plugins it finds or refuses.",
          "host doctor"};
}

}  // namespace kindred::host
