#include "host/cli/command_table.hpp"

#include <algorithm>
#include <iterator>

namespace kindred::host {
namespace {

constexpr auto kProgram = CommandLibrary::program;
constexpr auto kEngine = CommandLibrary::engine;
constexpr auto kTools = CommandLibrary::tools;

constexpr CommandOption set_option(const char* text) {
  return {"set", OptionValue::texts, "KEY=VALUE", text};
}

constexpr CommandOption kModel = {"model", OptionValue::text, "DIR",
                                  "a run's folder, or a servable model (its folder model/)"};

constexpr CommandOption kCut = {"cut", OptionValue::integer, "N",
                                "only the first N numbers of every embedding, brought back to length 1"};

constexpr CommandOption kWhiten = {
    "whiten", OptionValue::integer, "N",
    "the N directions in which training samples vary most, each divided by its "
    "deviation (PCA-whitening)"};

constexpr CommandOption kCodes = {"codes", OptionValue::text, "KIND[:rescore=N]",
                                  "find candidates by int8 or binary codes, and score the N (100) nearest by "
                                  "code again as they were stored"};

constexpr CommandOption kRerank = {
    "rerank", OptionValue::texts, "NAME[:KEY=NUMBER,...]",
    "alpha_qe:k=5,alpha=3 and average_qe:k=5 expand the query by the k nearest and search again; "
    "k_reciprocal:k1=20,k2=6,lambda=0.3,depth=200 orders the depth nearest by neighbours that they share; "
    "may repeat"};

constexpr CommandOption kSeeds = {
    "seeds", OptionValue::integer, "N",
    "a run with the pipeline's seed, one with the next, and so on, which test the same classes"};

constexpr CommandOption kGrid = {"grid", OptionValue::texts, "KEY=VALUE,VALUE",
                                 "runs with each of these values; may repeat: every combination"};

constexpr std::initializer_list<CommandOption> kCommonOptions = {
    {"help,h", OptionValue::none, nullptr, "show this text"},
    {"json", OptionValue::none, nullptr, "machine-readable output on stdout"},
    {"quiet,q", OptionValue::none, nullptr, "only warnings and errors on stderr"},
    {"plugins", OptionValue::texts, "DIR", "folder with plugins, searched first; may repeat"}};

constexpr Command kCommands[] = {
    {"cache",
     kProgram,
     "list, check, fill or remove what runs keep of frozen encoders",
     "cache list|verify|clear [DIR|PIPELINE] [options]\n"
     "       host cache fill PIPELINE [--set KEY=VALUE ...] [--shard I/N [--steal]]",
     "Lists, checks, fills or removes what runs have kept of frozen encoders. DIR is the folder of a cache "
     "(default: cache); of a PIPELINE file its cache.directory is taken. What was removed is encoded again "
     "by the next run that needs it.\n\n"
     "  list    a line per entry: what it was made of, how far it is, its size and when it was last used\n"
     "  verify  reads every entry and compares sizes and checksums; fails where one is damaged; names shards "
     "that are missing\n"
     "  clear   removes entries, all of them or those that the options choose; one that is in use is left\n"
     "  fill    encodes what a run of the pipeline would encode first, and trains nothing; with --shard one "
     "of "
     "several processes, on any machines that share the folder, does its part",
     "host cache fill parts.json --shard 1/4",
     {{"ACTION", "DIR"}, 1, false, "list verify clear fill"},
     {{"older-than", OptionValue::number, "DAYS", "clear: only what was not used for so many days"},
      {"partial", OptionValue::none, nullptr, "clear: only what a stopped run began and did not finish"},
      {"earlier", OptionValue::none, nullptr,
       "clear: only what versions before 0.12 wrote in another layout, which no run uses any more"},
      {"key", OptionValue::texts, "PREFIX", "clear: only entries whose key begins with this; may repeat"},
      {"dry-run", OptionValue::none, nullptr, "clear: only say what would be removed"},
      set_option("fill: override a value of the pipeline, for example cache.views=2; may repeat"),
      {"shard", OptionValue::text, "I/N",
       "fill: this is process I of N, counted from 1; auto: as Slurm, torchrun or Open MPI say"},
      {"steal", OptionValue::none, nullptr,
       "fill: when its own part is done, also do what others have not begun or have left"}},
     "fill"},
    {"compare",
     kTools,
     "put runs side by side on the same queries",
     "compare RUN RUN... [--html FILE]",
     "Puts the folders of two or more runs side by side. Each is compared with the first: metrics of the "
     "queries that\nall of them measured, with intervals of the differences over test classes, and a "
     "sentence "
     "that says which is better\nand whether that may be chance; where their pipelines differ; the queries "
     "of "
     "which they say the most different\nthings. The page of --html has their curves in one plot, too.",
     "host compare runs/cars/20261124T100000Z runs/cars/20261125T093000Z --html compared.html",
     {{"RUN"}, 1, true},
     {{"html", OptionValue::text, "FILE", "also write a page, in one file"}}},
    {"completion",
     kProgram,
     "what makes a shell complete commands and options",
     "completion SHELL",
     "Prints a script with which a shell completes commands, options and files on the Tab key: for bash, zsh "
     "or fish.\nA shell reads it when it starts; docs/install.md says where it belongs.",
     "host completion bash > ~/.local/share/bash-completion/completions/host",
     {{"SHELL"}, 1, false, "bash zsh fish"},
     {}},
    {"dedup",
     kTools,
     "find items that are there twice",
     "dedup INDEX|PATHS... [options]",
     "Finds groups of items that are equal to the last byte, and of items whose embeddings are nearly the "
     "same: "
     "in an index, or among files, of which --model makes embeddings. Each item is compared with each.",
     "host dedup cars.index --limit 0.02 --csv twice.csv --html twice.html",
     {{"SOURCES"}, 1, true},
     {{"limit", OptionValue::number, "DISTANCE", "how far apart two items may be that are nearly the same",
       "0.02"},
      {"exact", OptionValue::none, nullptr, "only those that are equal to the last byte"},
      {"across", OptionValue::text, "COLUMN",
       "of an index: only groups with different values there, such as label, or a split"},
      {"csv", OptionValue::text, "FILE", "also write a table: a line per item with its group"},
      {"html", OptionValue::text, "FILE", "also write a page with pictures, in one file"},
      {"model", OptionValue::text, "DIR", "of files: a run's folder, or a servable model"},
      {"device", OptionValue::text, "NAME", "auto, cpu, cuda or cuda:N", "auto"}}},
    {"describe",
     kProgram,
     "parameters of one component, or of all",
     "describe [ID] [--kind KIND]",
     "Prints the parameters of a component, or of all, with types, defaults, ranges and meaning, and an "
     "example that validates.",
     "host describe kindred.triplet",
     {{"ID"}},
     {{"kind", OptionValue::text, "KIND", "only components of this kind"}}},
    {"doctor",
     kEngine,
     "versions, processor, BLAS, CUDA and plugins",
     "doctor [--bench MODEL|PIPELINE]",
     "Says what this installation runs on and which plugins it finds or refuses. --bench also times the\n"
     "encoders of a model, or of a pipeline without training them, on drawn samples.",
     "host doctor --bench kindred/run",
     {},
     {{"bench", OptionValue::text, "MODEL|PIPELINE", "time its encoders alone, by batches of several sizes"},
      {"device", OptionValue::text, "NAME", "device that the encoders are timed on", "auto"}}},
    {"embed",
     kTools,
     "embeddings of pictures or vectors as a NumPy array",
     "embed (--model DIR | --pipeline FILE) --output FILE.npy (PATHS... | --data FILE) [--shard I/N]\n"
     "       host embed --join FILE.npy",
     "Writes embeddings as a float32 NumPy array, rows in input order, and beside it a .jsonl file with a "
     "line\n"
     "per input: its path and its row, or the error that kept it out. PATHS are files, folders, or - for a\n"
     "list of paths on the standard input. A model of texts embeds every line of text files; - stands for\n"
     "lines of text on the standard input. --data embeds all samples of a pipeline's dataset, such as "
     "records\n"
     "for a model with several encoders. With --shard one of several processes embeds its part of the "
     "inputs, "
     "into\n"
     "FILE-00001-of-00004.npy and so on; --join makes FILE.npy of them.",
     "host embed --model runs/toy_cars/20261124T100000Z/model --output cars.npy photos/",
     {{"PATHS"}, 0, true},
     {kModel,
      {"pipeline", OptionValue::text, "FILE", "the encoders of this pipeline, without any training"},
      {"data", OptionValue::text, "FILE", "a pipeline whose dataset is embedded, in place of PATHS"},
      set_option("with --pipeline: override a value"),
      {"output", OptionValue::text, "FILE.npy", "where the embeddings go; the folder is made"},
      {"mirror", OptionValue::none, nullptr,
       "average the embeddings of each picture and of its mirror image"},
      {"resume", OptionValue::none, nullptr, "go on with what a stopped command wrote to --output"},
      {"shard", OptionValue::text, "I/N",
       "this is process I of N, counted from 1; auto: as Slurm, torchrun or Open MPI say"},
      {"join", OptionValue::text, "FILE.npy", "make this array, and its list, of the shards beside it"},
      {"batch-size", OptionValue::integer, "N", "samples encoded at once", "32"},
      {"device", OptionValue::text, "NAME", "auto, cpu, cuda or cuda:N", "auto"}}},
    {"evaluate",
     kEngine,
     "measure a model on the test classes of a pipeline",
     "evaluate PIPELINE --model DIR [--set KEY=VALUE ...] [--output FILE] [--cut N] [--whiten N] [--codes "
     "KIND]\n"
     "       [--rerank NAME ...]",
     "Measures a model on the test classes of a pipeline's dataset, beside the pipeline's encoder alone. "
     "With "
     "--cut,\n--whiten, --codes or --rerank it also measures the search that they refine, and says how many "
     "bytes an item\nthen takes and how long a query.",
     "host evaluate datasets/toy_cars/pipeline.json --model runs/toy_cars/20261124T100000Z/model",
     {{"PIPELINE"}, 1},
     {kModel,
      set_option("override a value, for example evaluate.baseline=false; may repeat"),
      {"output", OptionValue::text, "FILE", "also write the metrics as JSON to this file"},
      kCut,
      kWhiten,
      kCodes,
      kRerank}},
    {"export",
     kTools,
     "write a model as a file of other programs",
     "export --model DIR --to torchscript|onnx|openvino|state_dict --output DIR [options]",
     "Writes a model, encoder and heads, as one file for other programs, for batches of any size. The file "
     "is "
     "opened\nagain and computes 32 samples before it is handed over; manifest.json says what goes in and "
     "comes "
     "out, and how far\nits embeddings are from the model's. README.md is a model card.\n\n"
     "  torchscript  model.pt, for every program with LibTorch or PyTorch\n"
     "  onnx         model.onnx (opset 17), for ONNX Runtime, OpenVINO, TensorRT and others; its check needs "
     "the "
     "plugin\n               openvino\n"
     "  openvino     model.xml and model.bin, OpenVINO's own format; made by that plugin\n"
     "  state_dict   the encoder's weights as safetensors, under the names of torchvision, timm or "
     "transformers",
     "host export --model runs/toy_cars/20261124T100000Z --to onnx --with-preprocessing --output cars_onnx",
     {},
     {kModel,
      {"to", OptionValue::text, "FORMAT", "torchscript, onnx, openvino or state_dict"},
      {"output", OptionValue::text, "DIR", "the folder that is made"},
      {"encoder", OptionValue::text, "NAME",
       "this encoder alone, without the heads, of a model that joins several"},
      {"with-preprocessing", OptionValue::none, nullptr,
       "the network takes bytes (B, H, W, 3) and normalises them itself; resizing stays with the caller"},
      {"size", OptionValue::text, "WIDTHxHEIGHT",
       "of the pictures, where the model's transforms do not bring them to one size"},
      {"data", OptionValue::text, "FILE",
       "a pipeline whose samples check the file, in place of those of the model's run"},
      {"licence", OptionValue::text, "SPDX", "what the model card says of it, such as apache-2.0"}}},
    {"index",
     kTools,
     "make and keep an index that is searched",
     "index ACTION [INDEX] [PATHS...|IDS...|INDEXES...] [options]",
     "Makes and keeps an index: a folder with the embeddings of a model, what is known of each, and what "
     "finds "
     "the\nnearest of them. One process writes it at a time; what a command said it did survives a crash.\n\n"
     "  build --model DIR --output INDEX PATHS...|--data FILE [--split test|all] [--shard I/N]\n"
     "                   embeds as `host embed` does; one that was stopped goes on where it was; with "
     "--shard "
     "one\n"
     "                   of several processes builds INDEX-00001-of-00004 and so on, which merge joins\n"
     "  add INDEX PATHS...|--data FILE   embeds more\n"
     "  update INDEX [--prune]           embeds pictures anew that changed (by size, time and content)\n"
     "  remove INDEX ID...               removes items; an item of a file has its path as id\n"
     "  info INDEX                       what it is of, how much it holds, its columns and its size\n"
     "  verify INDEX                     reads all of it and compares checksums; fails where it is damaged\n"
     "  compact INDEX                    drops what was removed, and builds the index over all that is left\n"
     "  merge INDEX... --output INDEX    makes one of several; of all shards, unless --incomplete is given\n"
     "  outliers INDEX                   items whose neighbours carry other labels, the worst first\n"
     "  export INDEX --to FORMAT --output PLACE    hands all items to another store: numpy, faiss,\n"
     "                   hnswlib, sqlite-vec, parquet, milvus, pgvector, qdrant\n"
     "  import PLACE --from FORMAT --output INDEX  makes an index of what another store holds: numpy,\n"
     "                   hnswlib, sqlite-vec, parquet, pgvector, qdrant",
     "host index build --model runs/toy_cars/20261124T100000Z/model --output cars.index photos/",
     {{"ACTION", "ARGUMENTS"},
      1,
      true,
      "build add update remove info verify compact merge outliers export import"},
     {{"model", OptionValue::text, "DIR",
       "a run's folder, or a servable model; for add and update the one of build where it is not given"},
      {"output", OptionValue::text, "INDEX",
       "build, merge, import: the folder that is made; export: the file, folder or URL of the other store"},
      {"to", OptionValue::text, "FORMAT", "export: the other store"},
      {"from", OptionValue::text, "FORMAT", "import: the other store"},
      {"name", OptionValue::text, "NAME", "export, import: the table or collection of a server (items)"},
      {"format-params", OptionValue::text, "JSON",
       "export, import: parameters of the other store; see docs/how-to/stores.md"},
      {"data", OptionValue::text, "FILE",
       "a pipeline whose dataset is embedded, in place of PATHS; labels and fields come along"},
      {"split", OptionValue::text, "NAME", "with --data: all samples, or those of its test classes", "all"},
      {"shard", OptionValue::text, "I/N",
       "build: this is process I of N, counted from 1; auto: as Slurm, torchrun or Open MPI say"},
      {"incomplete", OptionValue::none, nullptr,
       "merge: also where shards are missing, or a build did not end"},
      {"prune", OptionValue::none, nullptr, "update: also remove items whose files are not there any more"},
      {"thumbnails", OptionValue::none, nullptr,
       "build, add, update: keep a small picture of each, from now on; pages show it also where the picture "
       "is gone"},
      {"precision", OptionValue::text, "NAME",
       "build, import: how rows are stored, float16 (default) or float32"},
      {"distance", OptionValue::text, "NAME",
       "build, import: another distance than the one that the model names"},
      {"mirror", OptionValue::none, nullptr,
       "build: average the embeddings of each picture and of its mirror image, also of queries"},
      {"cut", OptionValue::integer, "N", "build: keep the first N numbers of every embedding"},
      {"whiten", OptionValue::integer, "N",
       "build, merge: keep the N directions in which the rows of the index vary most, each divided by its "
       "deviation"},
      {"index", OptionValue::text, "NAME",
       "build, compact, merge, import: auto (default), or a component of the kind index"},
      {"params", OptionValue::text, "JSON", "with --index: parameters of the component"},
      {"oversample", OptionValue::integer, "N",
       "with --index: how many times k rows it chooses, of which the stored rows choose k", "1"},
      {"k,k", OptionValue::integer, "N", "outliers: neighbours that are asked", "10"},
      {"csv", OptionValue::text, "FILE", "outliers: also write a table"},
      {"html", OptionValue::text, "FILE", "outliers: also write a page with pictures, in one file"},
      {"latency", OptionValue::text, "TIME", "auto: what one query may take", "20ms"},
      {"memory", OptionValue::text, "SIZE",
       "auto: what searching may take, such as 4GB; what is free now where it is not given"},
      {"batch-size", OptionValue::integer, "N", "samples encoded at once", "32"},
      {"device", OptionValue::text, "NAME", "auto, cpu, cuda or cuda:N", "auto"}}},
    {"inspect",
     kProgram,
     "what a plugin file says of itself, without loading it",
     "inspect FILE [--load]",
     "Reads what a plugin file says of itself: its build tag and what it offers. Nothing of the file is "
     "loaded or run, unless --load asks for its components.",
     "host inspect my_loss.kindred.so",
     {{"FILE"}, 1},
     {{"load", OptionValue::none, nullptr,
       "also load it, if it fits, and list its components and their parameters"}}},
    {"list",
     kProgram,
     "the components that were found",
     "list [--kind KIND] [--rejected]",
     "Lists the components of all plugins found.",
     "host list --kind loss",
     {},
     {{"kind", OptionValue::text, "KIND", "only this kind"},
      {"rejected", OptionValue::none, nullptr, "plugin files that were refused, with the reason"}}},
    {"new-plugin",
     kProgram,
     "a project to start a plugin of your own from",
     "new-plugin --kind KIND --name NAME [--vendor VENDOR] DIR",
     "Writes a small project with a working component of a kind: source, CMake file, tests, a pipeline that "
     "uses it, README and CI file.",
     "host new-plugin --kind loss --name my_loss my_loss",
     {{"DIR"}, 1},
     {{"kind", OptionValue::text, "KIND", "loss, metric, head, encoder, ..."},
      {"name", OptionValue::text, "NAME", "name of plugin and component, my_loss"},
      {"vendor", OptionValue::text, "VENDOR", "what stands before the dot in the component's id", "my"}}},
    {"report",
     kEngine,
     "write the report of a run again",
     "report RUN [--output FILE]",
     "Writes report.html of a run again, from what the run left in its folder: one file that opens in a "
     "browser, with\nwhat was asked, curves, metrics, what is found, classes that are taken for each other "
     "and "
     "a map of the test\nsamples. Pictures are read again from the data; what is not there any more is left "
     "out.",
     "host report runs/toy_cars/20261124T100000Z --output toy_cars.html",
     {{"RUN"}, 1},
     {{"output", OptionValue::text, "FILE", "in place of report.html in the run's folder"}}},
    {"run",
     kEngine,
     "train and measure what a pipeline file says",
     "run PIPELINE [--set KEY=VALUE ...] [--seeds N] [--grid KEY=VALUE,VALUE ...] [--output DIR]\n"
     "       host run --resume DIR\n"
     "       torchrun --no-python --nproc-per-node N host run PIPELINE",
     "Trains and measures what a pipeline file says. Leaves a run folder with pipeline.json, log.txt, "
     "history.jsonl,\nresult.json, queries.csv, report.html, retrieval.png and the servable model/, and "
     "checkpoints/ where it did not "
     "end. "
     "\n--seeds, --grid and data.split.folds make a series: several runs, one after the other, in a folder "
     "that\nalso holds results.json and table.txt.",
     "host run datasets/toy_cars/pipeline.json --set train.epochs=3",
     {{"PIPELINE"}, 0},
     {set_option("override a value, for example train.epochs=5; may repeat"),
      kSeeds,
      kGrid,
      {"output", OptionValue::text, "DIR", "the run's folder, instead of one named by the time"},
      {"resume", OptionValue::text, "DIR",
       "continue the run or the series of this folder; without PIPELINE it is the one that began it"},
      {"rank", OptionValue::integer, "N",
       "the number of this process, from 0, of several that train together"},
      {"world-size", OptionValue::integer, "N",
       "how many they are; torchrun, mpirun and srun say both themselves"},
      {"master", OptionValue::text, "HOST[:PORT]", "where process 0 waits for the others (port 29500)"}}},
    {"runs",
     kProgram,
     "list the runs in a folder, or remove those that failed",
     "runs [DIR] [--metric NAME] [--prune [--dry-run]]",
     "Lists the runs in DIR (default: runs) and in the folders below it, series too, the newest last: "
     "status, "
     "a metric\nof base and tuned, size, age, and where the pipeline differs from that of the run before of "
     "the same name.\n--prune removes those that failed, and says which. What no run wrote, what is a link "
     "and what a process writes\nnow is left.",
     "host runs --metric r_precision",
     {{"DIR"}},
     {{"metric", OptionValue::text, "NAME", "the metric that is shown; otherwise the first of each pipeline"},
      {"prune", OptionValue::none, nullptr, "remove the runs that failed, but for those of a series"},
      {"dry-run", OptionValue::none, nullptr, "with --prune: only say what would be removed"}}},
    {"schema",
     kProgram,
     "JSON Schema of pipeline files, for editors",
     "schema",
     "Prints the JSON Schema (draft 2020-12) of pipeline files with all components found.",
     "host schema > pipeline.schema.json",
     {},
     {}},
    {"search",
     kTools,
     "find what is nearest in an index",
     "search --index INDEX QUERY... [options]",
     "Finds the items of an index that are nearest to each QUERY: a picture, or whatever else its model "
     "reads; "
     "for a model of texts a QUERY that is no file is a text.\nThe model is where it was when the index was "
     "built, or at --model.",
     "host search --index cars.index photo.jpg -k 5 --where \"label >= 98\" --html found.html",
     {{"QUERY"}, 0, true},
     {{"index", OptionValue::text, "INDEX", "the index that is searched"},
      {"k,k", OptionValue::integer, "N", "items that are found for each query", "10"},
      {"id", OptionValue::texts, "ID",
       "an item of the index as a query, which does not find itself; may repeat"},
      {"embeddings", OptionValue::texts, "FILE",
       "a .npy file whose rows are queries, as host embed writes them; may repeat"},
      {"combine", OptionValue::none, nullptr, "search once, for the mean of all queries"},
      {"not-like", OptionValue::texts, "QUERY", "turn away from this one; may repeat"},
      {"where", OptionValue::text, "SQL",
       "only items that fit a condition over the columns: \"make = 'BMW'\""},
      {"group-by", OptionValue::text, "COLUMN", "of items with the same value there only the nearest"},
      {"exact", OptionValue::none, nullptr, "compare with every row, whatever the index is"},
      kRerank,
      {"html", OptionValue::text, "FILE", "also write a page with pictures, in one file"},
      {"model", OptionValue::text, "DIR", "the model of the index, where it lies elsewhere now"},
      {"device", OptionValue::text, "NAME", "auto, cpu, cuda or cuda:N", "auto"}}},
    {"serve",
     kTools,
     "answer requests for embeddings and searches over HTTP",
     "serve --model DIR [--index INDEX] [--port 8080]",
     "Serves a model over HTTP, and searches of an index of it: embeddings as OpenAI's clients ask for them, "
     "pictures as\nfiles or as base64, searches by pictures, texts, vectors or items, and items that are "
     "added or removed while it\nruns. Its address in a browser is a page to search with. Requests that come "
     "at the same time share a batch. /docs\nof the server describes all of it, and /openapi.json does so "
     "for "
     "programs. It listens on this machine alone, unless\n--address says otherwise; for a network put a "
     "server with TLS before it, and give it --api-key-file.",
     "host serve --model runs/toy_cars/20261124T100000Z --index cars.index",
     {},
     {kModel,
      {"index", OptionValue::text, "INDEX", "an index of this model that is searched"},
      {"base-index", OptionValue::text, "INDEX",
       "an index of the same items by the model before it was trained, to be seen beside it"},
      {"port", OptionValue::integer, "N", "where it listens; 0: one that is free", "8080"},
      {"address", OptionValue::text, "ADDRESS", "of which interface; 0.0.0.0: all", "127.0.0.1"},
      {"api-key-file", OptionValue::text, "FILE",
       "keys of clients, one per line; without it none is asked for"},
      {"cors", OptionValue::texts, "ORIGIN",
       "pages from there may ask, such as https://example.org; may repeat"},
      {"request-log", OptionValue::text, "FILE", "append a line of JSON per request, without what was asked"},
      {"batch-size", OptionValue::integer, "N", "inputs encoded at once", "32"},
      {"batch-window", OptionValue::text, "TIME", "that an input waits for others", "2ms"},
      {"max-body", OptionValue::text, "SIZE", "of one request", "20MB"},
      {"max-connections", OptionValue::integer, "N", "that are open at once", "1024"},
      {"max-waiting", OptionValue::integer, "N", "inputs that may wait; more are answered with 429", "1024"},
      {"threads", OptionValue::integer, "N", "that decode pictures and search", "2"},
      {"device", OptionValue::text, "NAME", "auto, cpu, cuda or cuda:N", "auto"}}},
    {"validate",
     kEngine,
     "check a pipeline file without running it",
     "validate PIPELINE [--data] [--set KEY=VALUE ...] [--seeds N] [--grid KEY=VALUE,VALUE ...]",
     "Checks a pipeline file: every problem with its place, what was expected and a suggestion. With --data "
     "also\nwhat only the data tells: its lists, classes, split, batches and the weights. No picture is "
     "decoded.",
     "host validate datasets/toy_cars/pipeline.json --data",
     {{"PIPELINE"}, 1},
     {{"data", OptionValue::none, nullptr,
       "also check the data and the weights, as a run does at its beginning"},
      set_option("override a value, for example train.epochs=5; may repeat"),
      kSeeds,
      kGrid}},
    {"weights",
     kEngine,
     "published weights: list them, fetch one, say where it lies",
     "weights [list | path NAME | get NAME] [options]",
     "Lists the published weights that the encoders know, fetches one of them, or says where it lies. A "
     "pipeline "
     "may give a NAME in place of a path. They lie in $KINDRED_WEIGHTS, or else in kindred/weights in your "
     "folder "
     "of caches (~/.cache).\n\n"
     "  list  names with size, licence, source, address and the digits that their SHA-256 begins with\n"
     "  path  the file of one; fails where it is not there\n"
     "  get   fetches one, or the rest of one; it appears when it is whole and its SHA-256 is right",
     "host weights get resnet50",
     {{"ACTION", "NAME"}, 0, false, "list path get"},
     {{"from", OptionValue::text, "URL", "get: take it from this address; it is checked all the same"},
      {"patience", OptionValue::integer, "SECONDS", "get: give up a connection over which nothing comes",
       "30"}}},
};

}  // namespace

const Command* CommandTable::begin() const { return std::begin(kCommands); }
const Command* CommandTable::end() const { return std::end(kCommands); }

const std::initializer_list<CommandOption>& common_options() { return kCommonOptions; }

const Command* find_command(const std::string& name) {
  const auto* found = std::find_if(std::begin(kCommands), std::end(kCommands),
                                   [&](const Command& one) { return name == one.name; });
  return found == std::end(kCommands) ? nullptr : found;
}

}  // namespace kindred::host
