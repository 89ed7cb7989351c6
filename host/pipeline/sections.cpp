#include "host/pipeline/sections.hpp"

namespace kindred::host {

void RootSection::describe(Schema<RootSection>& s) {
  s.field("kindred", &RootSection::kindred).doc("Version of the pipeline format.").range(1, 1).required();
  s.field("name", &RootSection::name).doc("Folder name of the runs; letters, digits, '-', '_' and '.'.");
  s.field("seed", &RootSection::seed)
      .doc("Decides everything random; the same seed repeats a CPU run bit for bit.")
      .minimum(0);
  s.field("device", &RootSection::device).doc("auto (CUDA when present), cpu, cuda or cuda:N.");
  s.field("plugins", &RootSection::plugins).doc("Folders with plugins, searched after --plugins.");
  s.field("data", &RootSection::data).doc("Dataset, split and transforms.").required();
  s.field("model", &RootSection::model).doc("Encoder and head.").required();
  s.field("cache", &RootSection::cache).doc("Where embeddings of a frozen encoder are kept.");
  s.field("train", &RootSection::train).doc("How the model is trained; left out: closed-form heads only.");
  s.field("evaluate", &RootSection::evaluate).doc("What is measured on the test classes.");
  s.field("output", &RootSection::output).doc("Where runs are written.");
  s.field("versions", &RootSection::versions)
      .doc("What a run was made with; runs write it into their pipeline.json, and nothing reads it.");
}

void DataSection::describe(Schema<DataSection>& s) {
  s.field("dataset", &DataSection::dataset).doc("A dataset component.").required();
  s.field("split", &DataSection::split).doc("Which classes are trained on, validated on and tested on.");
  s.field("transforms", &DataSection::transforms).doc("Transforms of every picture.");
  s.field("train_transforms", &DataSection::train_transforms)
      .doc("Instead of `transforms` while an encoder is trained; may be random.");
  s.field("other_transforms", &DataSection::other_transforms)
      .doc(
          "Says that `transforms` differ on purpose from those that came with the folder of an encoder, "
          "which is "
          "an error otherwise.");
  s.field("on_error", &DataSection::on_error).doc("What an unreadable sample does.").one_of({"skip", "fail"});
  s.field("max_skipped", &DataSection::max_skipped)
      .doc("Largest fraction of the samples that may be skipped before the run fails.")
      .range(0, 1);
  s.field("duplicates", &DataSection::duplicates)
      .doc(
          "What equal samples do. warn: they are counted, and named in result.json. drop: of equal samples "
          "of "
          "one class the first is kept, of equal samples in several classes none. fail: the run ends.")
      .one_of({"warn", "drop", "fail"});
  s.field("threads", &DataSection::threads)
      .doc("Threads that read samples; 0: one per processor.")
      .range(0, 1024);
}

void SplitSection::describe(Schema<SplitSection>& s) {
  s.field("by", &SplitSection::by).doc("Whole classes are assigned to one side.").one_of({"class"});
  s.field("seed", &SplitSection::seed)
      .doc(
          "Decides which classes are drawn for each side. It is apart from the pipeline's seed, so that runs "
          "with several seeds train, validate and test on the same classes.")
      .minimum(0);
  s.field("folds", &SplitSection::folds)
      .doc(
          "In place of train: the classes are divided into so many folds, and `host run` makes a run per "
          "fold, which tests its classes and trains on the others; 0: not used.")
      .range(0, 1000);
  s.field("fold", &SplitSection::fold)
      .doc("Which fold is tested, from 1; 0: each of them, in a run of its own.")
      .range(0, 1000);
  s.field("train", &SplitSection::train)
      .doc("Training classes: {\"classes_file\": PATH}, {\"first\": N} or {\"fraction\": F}.");
  s.field("validation", &SplitSection::validation)
      .doc(
          "{\"from\": \"train\", \"fraction\": F} holds classes out of the training ones; \"none\"; or "
          "\"test\", "
          "which lets early stopping see the test classes.");
  s.field("test", &SplitSection::test).doc("Test classes: all the others.").one_of({"rest"});
}

void TrainClassesSection::describe(Schema<TrainClassesSection>& s) {
  s.field("classes_file", &TrainClassesSection::classes_file)
      .doc("JSON file with a list of 0-based classes, or an object with such a list under train_classes.")
      .path();
  s.field("first", &TrainClassesSection::first)
      .doc(
          "In place of a file: the classes with the numbers 0 to first - 1, as papers split CUB and others; "
          "0: "
          "not used.")
      .range(0, 1000000000);
  s.field("fraction", &TrainClassesSection::fraction)
      .doc("Without a file: this fraction of the classes, drawn with data.split.seed.")
      .range(0, 1);
}

void ValidationSection::describe(Schema<ValidationSection>& s) {
  s.field("from", &ValidationSection::from).doc("Where the held out classes come from.").one_of({"train"});
  s.field("fraction", &ValidationSection::fraction).doc("Fraction of the training classes.").range(0, 0.9);
  s.field("min_classes", &ValidationSection::min_classes)
      .doc(
          "At least so many classes are held out where the fraction is fewer, but never for that more than "
          "half "
          "of the training classes: one or two tell hardly one epoch from another.")
      .range(1, 1000000000);
}

void ModelSection::describe(Schema<ModelSection>& s) {
  s.field("encoders", &ModelSection::encoders)
      .doc(
          "Encoder components under names of your choice; the embeddings of several are joined in the order "
          "of "
          "their names.")
      .required();
  s.field("head", &ModelSection::head)
      .doc(
          "A head component, or a list of heads applied one after the other. An entry {\"switch\": {...}} "
          "chooses among heads.");
}

void SwitchSection::describe(Schema<SwitchSection>& s) {
  s.field("on", &SwitchSection::on)
      .doc(
          "Name of an encoder, such as a one_hot: the largest of its numbers says which head a sample takes. "
          "These numbers do not go into the heads.")
      .required();
  s.field("heads", &SwitchSection::heads)
      .doc(
          "One head, or list of heads, per number of that encoder; all give embeddings of one length. null "
          "hands the "
          "embedding through.")
      .required();
}

void EncoderSection::describe(Schema<EncoderSection>& s) {
  s.field("field", &EncoderSection::field)
      .doc("Which field of the dataset's records it reads; left out: the first.");
  s.field("trainable", &EncoderSection::trainable)
      .doc(
          "false: frozen, every sample is encoded once into the cache. true: trained whole, on pictures. "
          "{\"from\": STAGE}: what comes before that stage is frozen and cached, the rest is trained.");
  s.field("precision", &EncoderSection::precision)
      .doc(
          "Arithmetic of training an encoder: auto takes bfloat16 where the processor is fast at it. What is "
          "measured is computed in float32 whatever this says.")
      .one_of({"auto", "float32", "bfloat16"});
  s.field("gradient_checkpointing", &EncoderSection::gradient_checkpointing)
      .doc(
          "While it is trained, only what each stage begins with is kept for the backward pass, which "
          "computes "
          "the stages again: a batch takes less memory and more time (Chen et al. 2016).");
}

void TrainableSection::describe(Schema<TrainableSection>& s) {
  s.field("from", &TrainableSection::from)
      .doc(
          "First stage of the encoder that is trained; `host validate` names the stages when it is wrong. "
          "Left out: "
          "all are trained, on pictures.");
  s.field("batch_norm", &TrainableSection::batch_norm)
      .doc("frozen: running statistics as they came. train: statistics of the batch while training.")
      .one_of({"frozen", "train"});
  s.field("lr_multipliers", &TrainableSection::lr_multipliers)
      .doc("Factors on the learning rate by stage, for example {\"head\": 2}.");
  s.field("lr_decay", &TrainableSection::lr_decay)
      .doc(
          "Layer-wise decay: the last stage with parameters learns at the encoder's rate, and each one "
          "before it at "
          "this share of the rate of the next, since what comes first in a network is most general (Howard, "
          "Ruder "
          "2018). 1: all learn at one rate.")
      .range(0.01, 1);
  s.field("lora", &TrainableSection::lora)
      .doc(
          "Low-rank adaptation (Hu et al. 2021): of the trained stages only factors of small rank learn, "
          "which are added to some matrices: {\"rank\": 8, \"alpha\": 16, \"targets\": [\"*query.weight\"]}. "
          "Left out: all parameters learn.");
}

void LoraSection::describe(Schema<LoraSection>& s) {
  s.field("rank", &LoraSection::rank).doc("Rank of what is added to a matrix.").range(1, 4096);
  s.field("alpha", &LoraSection::alpha)
      .doc("What is added is multiplied by alpha / rank.")
      .range(0.001, 100000);
  s.field("targets", &LoraSection::targets)
      .doc(
          "Patterns of the names of the matrices, in which * stands for any characters. Left out: those that "
          "make queries and values of attention.");
}

void LossSection::describe(Schema<LossSection>& s) {
  s.field("weight", &LossSection::weight).doc("Factor on this loss in the sum of several.").range(0, 1000000);
  s.field("miner", &LossSection::miner)
      .doc("A miner component, which chooses the pairs or triplets that this loss sees.");
  s.field("memory", &LossSection::memory)
      .doc("Cross-batch memory: embeddings of earlier batches that the samples are also compared with.");
  s.field("matryoshka", &LossSection::matryoshka)
      .doc(
          "The loss is computed of several beginnings of the embedding, too, so that each serves as an "
          "embedding: {\"dimensions\": [64, 256, 1280]} (Kusupati et al. 2022).");
}

void MatryoshkaSection::describe(Schema<MatryoshkaSection>& s) {
  s.field("dimensions", &MatryoshkaSection::dimensions)
      .doc(
          "How many of the first numbers are taken for each; the whole embedding is trained where it is "
          "among them.")
      .range(1, 1000000)
      .required();
  s.field("weights", &MatryoshkaSection::weights)
      .doc("A factor on the loss of each of the dimensions; left out: 1.")
      .range(0, 1000000);
}

void MemorySection::describe(Schema<MemorySection>& s) {
  s.field("size", &MemorySection::size).doc("How many embeddings are kept, the newest.").range(1, 100000000);
  s.field("start_step", &MemorySection::start_step)
      .doc("It is used from this training step on, when embeddings no longer drift fast; it fills before.")
      .minimum(0);
}

void CacheSection::describe(Schema<CacheSection>& s) {
  s.field("type", &CacheSection::type)
      .doc(
          "disk: memory-mapped files that later runs reuse. cpu: in memory, gone with the process. gpu: in "
          "the "
          "memory of the device. auto: disk. none: an encoder trained from a stage reads pictures and runs "
          "its "
          "frozen stages at every step.")
      .one_of({"auto", "disk", "cpu", "gpu", "none"});
  s.field("directory", &CacheSection::directory).doc("Folder of the cache files.").path();
  s.field("batch_size", &CacheSection::batch_size).doc("Samples per encoder call.").range(1, 65536);
  s.field("views", &CacheSection::views)
      .doc(
          "For an encoder trained from a stage: how many views of a training picture are kept. 1: the "
          "picture; "
          "2: and its mirror image; more: and so many draws of data.train_transforms, each fixed once.")
      .range(1, 256);
  s.field("map_dtype", &CacheSection::map_dtype)
      .doc("How the maps in front of that stage are stored.")
      .one_of({"float32", "float16", "bfloat16"});
  s.field("embedding_dtype", &CacheSection::embedding_dtype)
      .doc(
          "How embeddings of frozen encoders are stored. With less than float32 what is measured differs a "
          "little "
          "from what the servable gives.")
      .one_of({"float32", "float16", "bfloat16"});
}

void OptimizerSection::describe(Schema<OptimizerSection>& s) {
  s.field("type", &OptimizerSection::type).doc("Optimizer.").one_of({"adam", "adamw", "sgd"});
  s.field("lr", &OptimizerSection::lr).doc("Learning rate.").range(0, 1000);
  s.field("encoder_lr", &OptimizerSection::encoder_lr).doc("For the encoder; 0: lr.").range(0, 1000);
  s.field("head_lr", &OptimizerSection::head_lr).doc("For the head; 0: lr.").range(0, 1000);
  s.field("loss_lr", &OptimizerSection::loss_lr).doc("For parameters of the loss; 0: lr.").range(0, 1000);
  s.field("weight_decay", &OptimizerSection::weight_decay)
      .doc("L2 penalty; decoupled for adamw.")
      .range(0, 100);
  s.field("momentum", &OptimizerSection::momentum).doc("For sgd.").range(0, 1);
  s.field("nesterov", &OptimizerSection::nesterov).doc("For sgd with momentum.");
  s.field("beta1", &OptimizerSection::beta1).doc("For adam and adamw.").range(0, 1);
  s.field("beta2", &OptimizerSection::beta2).doc("For adam and adamw.").range(0, 1);
  s.field("epsilon", &OptimizerSection::epsilon).doc("For adam and adamw.").range(0, 1);
  s.field("lr_factors", &OptimizerSection::lr_factors)
      .doc(
          "Factors on the learning rate by the names of parameters, in which * stands for anything, such as "
          "{\"head.*.bias\": 2}; where several match, they are multiplied. The names are those in "
          "checkpoints.");
}

void ScheduleSection::describe(Schema<ScheduleSection>& s) {
  s.field("type", &ScheduleSection::type)
      .doc("Learning rate over the epochs.")
      .one_of({"constant", "cosine", "step"});
  s.field("warmup_epochs", &ScheduleSection::warmup_epochs)
      .doc("Epochs of linear growth from zero.")
      .minimum(0);
  s.field("step_epochs", &ScheduleSection::step_epochs)
      .doc("For step: epochs between two reductions.")
      .minimum(1);
  s.field("gamma", &ScheduleSection::gamma).doc("For step: factor of each reduction.").range(0, 1);
  s.field("final_fraction", &ScheduleSection::final_fraction)
      .doc("For cosine: what is left at the end.")
      .range(0, 1);
}

void EarlyStoppingSection::describe(Schema<EarlyStoppingSection>& s) {
  s.field("monitor", &EarlyStoppingSection::monitor)
      .doc(
          "\"validation.loss\" or \"validation.\" and the name of a metric; empty: the first metric. The "
          "best epoch "
          "by it is what is kept.");
  s.field("mode", &EarlyStoppingSection::mode)
      .doc("auto: min for losses, max for metrics.")
      .one_of({"auto", "min", "max"});
  s.field("patience", &EarlyStoppingSection::patience)
      .doc("Stop after this many epochs without improvement; 0: train all epochs.")
      .minimum(0);
  s.field("min_delta", &EarlyStoppingSection::min_delta)
      .doc("Smaller changes are no improvement.")
      .minimum(0);
}

void TrainSection::describe(Schema<TrainSection>& s) {
  s.field("loss", &TrainSection::loss)
      .doc("A loss component, or a list of losses whose weighted sum is trained.")
      .required();
  s.field("batch_sampler", &TrainSection::batch_sampler).doc("A batch_sampler component.").required();
  s.field("optimizer", &TrainSection::optimizer).doc("Optimizer and learning rates.");
  s.field("schedule", &TrainSection::schedule).doc("Learning rate over the epochs.");
  s.field("epochs", &TrainSection::epochs).doc("Epochs at most.").range(0, 10000000);
  s.field("early_stopping", &TrainSection::early_stopping).doc("When to stop, and which epoch is kept.");
  s.field("accumulate", &TrainSection::accumulate)
      .doc("Batches whose gradients are averaged before the optimizer takes a step.")
      .unit("batches")
      .range(1, 1000000);
  s.field("gradient_cache", &TrainSection::gradient_cache)
      .doc(
          "The batch passes the model in parts of this many samples, so that memory is that of one part "
          "while the "
          "loss compares the whole batch; every part is computed twice (Gao et al. 2021). 0: the batch "
          "passes at "
          "once.")
      .unit("samples")
      .range(0, 1000000);
  s.field("gradient_clip", &TrainSection::gradient_clip)
      .doc("Largest norm of the gradient; 0: no limit.")
      .minimum(0);
  s.field("ema", &TrainSection::ema)
      .doc(
          "Decay per step of an exponential moving average of the weights, which then is what is validated, "
          "measured and saved; 0: none.")
      .range(0, 0.999999);
  s.field("swa_start", &TrainSection::swa_start)
      .doc(
          "Stochastic weight averaging (Izmailov et al. 2018): the weights at the end of this epoch and of "
          "each "
          "later one are averaged with equal weight, which then is what is validated, measured and saved; 0: "
          "none.")
      .unit("epochs")
      .range(0, 10000000);
  s.field("freeze", &TrainSection::freeze)
      .doc(
          "A list of what is not trained in some epochs, such as [{\"tensors\": \"encoder.*\", "
          "\"until_epoch\": "
          "3}].");
}

void FreezeSection::describe(Schema<FreezeSection>& s) {
  s.field("tensors", &FreezeSection::tensors)
      .doc(
          "Names of parameters, in which * stands for anything: encoder.*, head.0.weight, loss.*. The names "
          "are "
          "those in checkpoints.")
      .required();
  s.field("from_epoch", &FreezeSection::from_epoch)
      .doc("First epoch without training, from 1.")
      .range(1, 10000000);
  s.field("until_epoch", &FreezeSection::until_epoch)
      .doc("Last epoch without training; 0: to the end.")
      .range(0, 10000000);
}

void EvaluateSection::describe(Schema<EvaluateSection>& s) {
  s.field("metrics", &EvaluateSection::metrics).doc("Metric components.").required();
  s.field("eval_sampler", &EvaluateSection::eval_sampler)
      .doc("Which samples are queries; left out: every sample of the test classes.");
  s.field("baseline", &EvaluateSection::baseline).doc("Also measure the encoder alone.");
  s.field("test_views", &EvaluateSection::test_views)
      .doc("Views of a test picture whose embeddings are averaged.")
      .one_of({"plain", "mirror"});
  s.field("pair_candidates", &EvaluateSection::pair_candidates)
      .doc(
          "Of a dataset of pairs, among what the partners of the first objects are searched: obj_b, the "
          "second "
          "objects; all, every other object.")
      .one_of({"obj_b", "all"});
  s.field("bootstrap_samples", &EvaluateSection::bootstrap_samples)
      .doc("Resamplings of the 95 % interval; 0: none.")
      .range(0, 100000);
  s.field("per_class", &EvaluateSection::per_class)
      .doc("Also write every metric's mean for each test class to result.json.");
  s.field("tile_mebibytes", &EvaluateSection::tile_mebibytes)
      .doc("Memory of one tile of the distance matrix.")
      .unit("MiB")
      .range(1, 65536);
}

void OutputSection::describe(Schema<OutputSection>& s) {
  s.field("directory", &OutputSection::directory).doc("Runs go to DIRECTORY/NAME/TIME.").path();
  s.field("keep_checkpoints", &OutputSection::keep_checkpoints)
      .doc("Keep checkpoints/ of a run that is completed, so that it can be trained on with more epochs.");
  s.field("trackers", &OutputSection::trackers)
      .doc("A tracker component or a list of them: where the run is also written down.");
}

}  // namespace kindred::host
