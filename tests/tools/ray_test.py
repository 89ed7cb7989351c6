#!/usr/bin/env python3
"""Ray fills a cache by the example of the documentation, on this machine.

    ray_test.py HOST
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "exchange"))
from environment import in_environment  # noqa: E402

in_environment("ray==2.52.0")
from scheduled_fill import ScheduledFill, main  # noqa: E402


class RayTest(ScheduledFill, unittest.TestCase):
    EXAMPLE = "ray_tasks.py"
    ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0"}


if __name__ == "__main__":
    main(RayTest)
