"""Fills the cache of a pipeline with tasks of Spark, which tries one that fails again.

    spark_tasks.py PIPELINE SHARDS
"""
import subprocess
import sys

from pyspark.sql import SparkSession

pipeline, shards = sys.argv[1], int(sys.argv[2])


def fill(shard):
    subprocess.run(["host", "cache", "fill", pipeline, "--shard", f"{shard}/{shards}", "--quiet"], check=True)


spark = SparkSession.builder.appName("cache-fill").getOrCreate()
spark.sparkContext.parallelize(range(1, shards + 1), shards).foreach(fill)
spark.stop()
