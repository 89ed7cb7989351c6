#!/bin/sh
#SBATCH --job-name=cache-fill
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=02:00:00
#SBATCH --requeue
# Fills the cache of a pipeline with the tasks of a Slurm array. All of them see the folder of the cache.
#   fill=$(sbatch --parsable slurm_array.sh parts.json)
#   sbatch --dependency=afterok:$fill --wrap "host run parts.json"
# For GPUs add --gres=gpu:1 to both: what a GPU encodes and what a processor encodes are different entries of the cache.
# HOST: the program, where it is not on the PATH.
set -eu
exec "${HOST:-host}" cache fill "$1" --shard auto --steal --quiet
