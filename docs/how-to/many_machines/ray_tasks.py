"""Fills the cache of a pipeline with tasks of Ray, and tries one that fails up to three times.

    ray_tasks.py PIPELINE SHARDS
"""
import subprocess
import sys

import ray

pipeline, shards = sys.argv[1], int(sys.argv[2])


@ray.remote(num_cpus=1, max_retries=3, retry_exceptions=[subprocess.CalledProcessError])
def fill(shard):
    subprocess.run(["host", "cache", "fill", pipeline, "--shard", f"{shard}/{shards}", "--quiet"], check=True)


ray.init()
ray.get([fill.remote(shard) for shard in range(1, shards + 1)])
