#!/usr/bin/env python3
"""TensorBoard reads what the tracker `tensorboard` wrote of a run.

    tensorboard_test.py HOST PLUGIN_FOLDER
"""
import json
import pathlib
import struct
import sys

from environment import in_environment

in_environment("tensorboard", "setuptools<81")
import numpy  # noqa: E402
from google.protobuf import text_format  # noqa: E402
from made_run import EPOCHS, RunTest, main  # noqa: E402
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.plugins.hparams import metadata  # noqa: E402
from tensorboard.plugins.projector import metadata as projector, projector_plugin  # noqa: E402
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig  # noqa: E402


class TensorBoardTest(RunTest):
    def opened(self, output):
        events = EventAccumulator(str(self.folder / output / "tensorboard"))
        events.Reload()
        return events

    def test_values_and_settings_are_read_back(self):
        self.finish(self.start("one", {"type": "tensorboard"}))
        events = self.opened("one")
        history = [json.loads(line) for line in (self.folder / "one/history.jsonl").read_text().splitlines()]
        self.assertEqual([(one.step, one.value) for one in events.Scalars("train/loss")],
                         [(line["epoch"], numpy.float32(line["train"]["loss"])) for line in history])
        result = json.loads((self.folder / "one/result.json").read_text())
        point, = events.Scalars("tuned/r_precision")
        self.assertEqual((point.step, point.value), (EPOCHS, numpy.float32(result["metrics"]["tuned"]["r_precision"])))

        content = events.PluginTagToContent("hparams")
        start = metadata.parse_session_start_info_plugin_data(content[metadata.SESSION_START_INFO_TAG])
        settings = {name: value for name, value in start.hparams.items()}
        self.assertEqual(settings["train.optimizer.lr"].number_value, 0.02)
        self.assertEqual(settings["train.loss.type"].string_value, "kindred.triplet")
        self.assertEqual(settings["train.epochs"].number_value, EPOCHS)
        end = metadata.parse_session_end_info_plugin_data(content[metadata.SESSION_END_INFO_TAG])
        self.assertEqual(end.status, 1)  # STATUS_SUCCESS
        self.assertGreaterEqual(end.end_time_secs, start.start_time_secs)

    def test_the_projector_reads_the_embeddings(self):
        self.finish(self.start("one", {"type": "tensorboard", "projector": 10}))
        folder = self.folder / "one/tensorboard"
        config = text_format.Parse((folder / projector.PROJECTOR_FILENAME).read_text(), ProjectorConfig())
        self.assertEqual([one.tensor_name for one in config.embeddings], ["tuned", "base"])
        rows = numpy.lib.format.open_memmap(self.folder / "x.npy", mode="r")
        for one in config.embeddings:
            read = projector_plugin._read_tensor_tsv_file(str(folder / one.tensor_path))
            names = (folder / one.metadata_path).read_text().splitlines()
            self.assertEqual((len(read), names[0]), (10, "class\tsample"))
            self.assertEqual(len(names), 11)
            if one.tensor_name == "base":  # the encoder hands the vectors through
                for row, name in zip(read, names[1:]):
                    numpy.testing.assert_allclose(row, rows[int(name.split("#")[1])], rtol=1e-3)
        self.finish(self.start("two", {"type": "tensorboard", "projector": 0}))
        self.assertFalse((self.folder / "two/tensorboard" / projector.PROJECTOR_FILENAME).exists())

    def test_the_retrieval_is_a_picture(self):
        pipeline = {
            "kindred": 1, "name": "drawn",
            "data": {"dataset": {"type": "toy_cars", "classes": 8, "samples": 4, "size": 32},
                     "split": {"train": {"fraction": 0.5}, "validation": {"from": "train", "fraction": 0.5}, "test": "rest"},
                     "transforms": []},
            "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "weights": "random"}}},
            "evaluate": {"metrics": [{"type": "r_precision"}]},
            "output": {"trackers": [{"type": "tensorboard"}]}}
        self.finish(self.start_pipeline("drawn", pipeline))
        picture, = self.opened("drawn").Images("retrieval")
        png = (self.folder / "drawn/retrieval.png").read_bytes()
        self.assertEqual(picture.encoded_image_string, png)
        self.assertEqual((picture.width, picture.height), struct.unpack(">II", png[16:24]))


if __name__ == "__main__":
    main(TensorBoardTest)
