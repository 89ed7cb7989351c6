#!/usr/bin/env python3
"""Ray fills a cache by the example of the documentation, on this machine.

    ray_test.py HOST
"""
import unittest

from scheduled_fill import ScheduledFill, in_environment, main

in_environment("ray==2.52.0")


class RayTest(ScheduledFill, unittest.TestCase):
    EXAMPLE = "ray_tasks.py"
    ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0"}


if __name__ == "__main__":
    main(RayTest)
