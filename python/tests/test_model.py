import json
import os
import threading

import kindred
import numpy as np
import pytest
from conftest import REPOSITORY, pixels
from PIL import Image

OF_BEFORE = REPOSITORY / "tests/fixtures/models/v0_11"


def expected_of_before(name):
    lines = json.loads((OF_BEFORE / "expected.json").read_text())[name]
    return [line["input"] for line in lines], np.array([line["embedding"] for line in lines])


def test_a_picture_is_the_same_in_every_form(model, photos):
    picture = Image.open(photos[7])
    rows = [
        model.encode(photos[7]),
        model.encode(str(photos[7])),
        model.encode(photos[7].read_bytes()),
        model.encode(picture),
        model.encode(picture.convert("RGBA")),
        model.encode(pixels(7)),
        model.encode(np.asfortranarray(pixels(7))),
    ]
    for row in rows:
        assert row.shape == (1, model.dimension) and row.dtype == np.float32
        np.testing.assert_allclose(row, rows[0], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows[0]), 1, atol=1e-5)


def test_several_keep_their_order(model, photos):
    expected = np.concatenate([model.encode(path) for path in photos])
    assert np.ptp(expected, axis=0).max() > 0.01
    for several in (photos, tuple(map(str, photos)), iter(photos), np.stack([pixels(i) for i in range(len(photos))]),
                    [pixels(i) if i % 2 else path for i, path in enumerate(photos)]):  # fmt: skip
        np.testing.assert_allclose(model.encode(several), expected, atol=1e-6)
    assert model.encode([]).shape == (0, model.dimension)


def test_a_pillow_picture_is_turned_as_its_file_is(model, folder):
    wide = pixels(3)[:12]
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter
    Image.fromarray(wide).save(folder / "turned.png", exif=exif)
    turned = Image.open(folder / "turned.png")
    np.testing.assert_allclose(model.encode(turned), model.encode(folder / "turned.png"), atol=1e-6)
    np.testing.assert_allclose(model.encode(turned), model.encode(np.rot90(wide, -1)), atol=1e-6)


def test_mirror_is_the_mean_of_both(model, photos):
    both = model.encode([pixels(7), pixels(7)[:, ::-1]])
    assert np.abs(both[0] - both[1]).max() > 1e-4
    np.testing.assert_allclose(model.encode(photos[7], mirror=True)[0], both.mean(0), atol=1e-6)


def test_texts_are_texts_and_their_paths_are_files(text_model, folder):
    np.testing.assert_allclose(text_model.encode(["blue", "red"]), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_allclose(text_model.encode("green"), [[0, 1, 0]])
    (folder / "text.txt").write_text("green\n")
    np.testing.assert_allclose(text_model.encode(folder / "text.txt"), [[0, 1, 0]])
    with pytest.raises(kindred.Error, match=r'input 1: .*"mauve"') as caught:
        text_model.encode(["red", "mauve"])
    assert caught.value.index == 1


def test_vectors_and_records_of_an_earlier_version_give_what_they_gave(folder):
    inputs, expected = expected_of_before("vectors")
    vectors = np.array([one["numbers"] for one in inputs], np.float32)
    model = kindred.SimilarityModel.load(OF_BEFORE / "vectors")
    for given in (vectors, vectors.astype(np.float64), list(vectors)):
        np.testing.assert_allclose(model.encode(given), expected, atol=1e-6)
    np.save(folder / "one.npy", vectors[2])
    np.testing.assert_allclose(model.encode(folder / "one.npy"), expected[2:3], atol=1e-6)

    records, expected = expected_of_before("records")
    model = kindred.SimilarityModel.load(OF_BEFORE / "records")
    given = [{"numbers": np.array(one["numbers"]), "kind": one["kind"], "label": None} for one in records]
    np.testing.assert_allclose(model.encode(given), expected, atol=1e-6)
    np.testing.assert_allclose(model.encode(given[1]), expected[1:2], atol=1e-6)
    with pytest.raises(kindred.Error, match="input 0: .*'kind' \\(text\\), 'numbers' \\(vector\\)"):
        model.encode("no record")


def test_an_input_that_fails_is_named_by_its_place(model, photos):
    for count in (3, 700):  # behind the first chunk, too
        several = [photos[i % len(photos)] for i in range(count)] + ["absent.png", photos[0], b"no picture"]
        with pytest.raises(kindred.Error, match=f"input {count}: .*absent.png") as caught:
            model.encode(several)
        assert caught.value.index == count
        assert [place for place, _ in caught.value.errors] == [count, count + 2]
        said = {}
        rows = model.encode(several, on_error=said.__setitem__)
        assert list(said) == [count, count + 2]
        assert np.isnan(rows[[count, count + 2]]).all() and np.isfinite(rows[[0, count - 1, count + 1]]).all()
    np.testing.assert_array_equal(model.encode(several, on_error="nan"), rows)
    with pytest.raises(kindred.Error, match="on_error is 'skip'"):
        model.encode(several, on_error="skip")


def test_a_path_that_is_no_text_is_named(model, photos):
    absent = os.fsdecode(b"absent_\xff.png")
    with pytest.raises(kindred.Error, match=r"input 1: .*absent_\\xff.png") as caught:
        model.encode([photos[0], absent])
    assert caught.value.index == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (3.5, "of the type float"),
        (None, "of the type NoneType"),
        (np.zeros((4, 4), np.uint8), r"an array of uint8 \(4, 4\)"),
        (np.zeros((4, 4, 3)), r"an array of float64 \(4, 4, 3\)"),
        ({"image": "a.png"}, "it is a dict"),
        (Image.new("F", (4, 4)), "mode F"),
    ],
)
def test_what_is_no_picture_is_named(model, photos, wrong, said):
    with pytest.raises(kindred.Error, match=f"^input 1: .*{said}") as caught:
        model.encode([photos[0], wrong], on_error="nan")
    assert caught.value.index == 1


def test_load_says_what_is_missing(folder):
    with pytest.raises(kindred.Error, match="model.json"):
        kindred.SimilarityModel.load(folder / "photos")
    with pytest.raises(kindred.Error, match="nowhere"):
        kindred.SimilarityModel.load(OF_BEFORE / "vectors", plugin_folders=["nowhere"])
    with pytest.raises(kindred.Error, match="batch_size is 0"):
        kindred.SimilarityModel.load(OF_BEFORE / "vectors", batch_size=0)


def test_a_model_says_what_it_is(model, picture_run):
    assert [(one.name, one.kind) for one in model.fields] == [("", "image")]
    assert model.card.name == "pictures" and model.card.distance == "cosine"
    assert model.card.metrics["tuned.r_precision"] == pytest.approx(
        picture_run["metrics"]["tuned"]["r_precision"]
    )
    assert [one.id for one in model.card.components] == [
        "kindred.resnet",
        "kindred.normalize",
        "kindred.l2_normalize",
    ]
    assert model.card.manifest["name"] == "pictures"
    assert len(model.fingerprint) == 32
    assert "pictures" in repr(model)


def test_other_threads_go_on_while_it_encodes(model, folder):
    """The picture comes out of a pipe into which this thread writes, which it could not if the lock were
    held.
    """
    pipe = folder / "pipe.png"
    os.mkfifo(pipe)
    rows = []
    reader = threading.Thread(target=lambda: rows.append(model.encode(pipe)), daemon=True)
    reader.start()
    with open(pipe, "wb") as file:
        Image.fromarray(pixels(7)).save(file, "png")
    reader.join(60)
    np.testing.assert_allclose(rows[0], model.encode(pixels(7)), atol=1e-6)


def test_several_threads_share_a_model(model, photos):
    expected = model.encode(photos)
    rows = {}
    threads = [
        threading.Thread(target=lambda i=i: rows.setdefault(i, model.encode(photos))) for i in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(rows) == 4
    for found in rows.values():
        np.testing.assert_allclose(found, expected, atol=1e-6)
