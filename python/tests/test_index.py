import os
import shutil

import kindred
import numpy as np
import pytest
from conftest import CLASSES, REPOSITORY, SAMPLES, command

OF_BEFORE = REPOSITORY / "tests/fixtures/models/v0_11"


@pytest.fixture(scope="session")
def index(index_folder):
    return kindred.Index.open(index_folder)


@pytest.fixture(scope="session")
def rows(model, photos):
    return model.encode(photos).astype(np.float64)


def nearest(rows, query, k):
    """Places and cosine distances of the nearest rows, in float64."""
    distances = 1 - rows @ query / np.linalg.norm(rows, axis=1) / np.linalg.norm(query)
    order = np.argsort(distances, kind="stable")[:k]
    return order, distances[order]


def test_finds_what_comparing_all_rows_finds(index, rows, photos):
    given = photos[4], photos[11]
    for found in (index.search(given), index.search(embeddings=rows[[4, 11]]), index.search(map(str, given))):
        assert [len(each) for each in found] == [10, 10]
        for each, query in zip(found, (rows[4], rows[11]), strict=True):
            places, distances = nearest(rows, query, 10)
            assert [one.path for one in each] == [str(photos[place]) for place in places]
            np.testing.assert_allclose([one.distance for one in each], distances, atol=1e-5)


def test_ids_do_not_find_themselves(index, rows, photos):
    found = index.search(ids=str(photos[4]), k=3)
    places, _ = nearest(rows, rows[4], 4)
    assert places[0] == 4
    assert [[one.id for one in each] for each in found] == [[str(photos[place]) for place in places[1:]]]
    assert len(index.search(ids=[str(photos[4]), str(photos[5])])) == 2


def test_conditions_groups_and_refinements(index, photos):
    found = index.search(photos[4], where="path LIKE '%/photos/2/%'", k=100)[0]
    assert len(found) == SAMPLES and all("/photos/2/" in one.path for one in found)
    assert len(index.search(photos[4], group_by="class_name", k=100)[0]) >= 1
    assert index.search(photos[4], exact=True) == index.search(photos[4])
    assert index.search(photos[4], rerank="alpha_qe:k=3")[0]


def test_a_model_can_be_given(index_folder, model, photos):
    expected = kindred.Index.open(index_folder).search(photos[0])
    assert kindred.Index.open(index_folder, model=model).search(photos[0]) == expected
    with pytest.raises(kindred.Error, match="'old_vectors'.*give the index's own model"):
        kindred.Index.open(index_folder, model=kindred.SimilarityModel.load(OF_BEFORE / "vectors"))
    other = kindred.Index.open(index_folder, model=OF_BEFORE / "vectors")
    with pytest.raises(kindred.Error, match="'old_vectors'"):
        other.search(photos[0])


def test_queries_are_mirrored_where_the_rows_are(folder, picture_run, model, photos):
    command("index", "build", "--quiet", "--mirror", "--model", picture_run.folder, "--output", folder / "mirrored.index",
            "--precision", "float32", *photos)  # fmt: skip
    index = kindred.Index.open(folder / "mirrored.index")
    assert index.card.and_mirror
    assert index.search(photos[3], k=1)[0][0].path == str(photos[3])
    assert index.search(photos[3], k=1)[0][0].distance == pytest.approx(0, abs=1e-6)
    assert index.search(embeddings=model.encode(photos[3]), k=1)[0][0].distance > 1e-6


def test_an_index_says_what_it_is(index, model, folder, photos):
    card = index.card
    assert len(index) == card.items == CLASSES * SAMPLES
    assert (card.dimension, card.distance, card.model_name) == (model.dimension, "cosine", "pictures")
    assert card.model_fingerprint == model.fingerprint == index.model.fingerprint
    assert card.model_folder == str(folder / "pictures/model")
    assert not card.and_mirror and "class_name" in card.columns
    assert index.is_current
    assert "30 items" in repr(index)


def test_an_id_that_is_no_text_is_searched_for(folder, picture_run, photos):
    path = os.fsdecode(os.fsencode(folder) + b"/photo_\xff.png")
    shutil.copy(photos[4], path)
    try:
        command("index", "build", "--quiet", "--model", picture_run.folder, "--output", folder / "bytes.index",
                "--precision", "float32", path, *photos[5:9])  # fmt: skip
        index = kindred.Index.open(folder / "bytes.index")
        found = index.search(photos[4], k=1)[0][0]
        assert found.id == path
        assert [len(each) for each in index.search(ids=found.id, k=4)] == [4]
    finally:
        os.unlink(path)


def test_rows_of_no_known_model_are_searched_by_embeddings(folder, rows, model):
    np.save(folder / "rows.npy", rows.astype(np.float32))
    words = "index import --from numpy rows.npy --distance cosine --output rows.index".split()
    command(*words)
    index = kindred.Index.open(folder / "rows.index")
    assert index.card.model_fingerprint == ""
    assert index.search(embeddings=rows[3], k=1)[0][0].distance == pytest.approx(0, abs=1e-5)
    said = "does not say which model made its rows; encode the objects yourself"
    with pytest.raises(kindred.Error, match=said):
        index.search("a.png")
    with pytest.raises(kindred.Error, match=said):
        kindred.Index.open(folder / "rows.index", model=model)


def test_says_what_is_wrong(index, photos, folder):
    with pytest.raises(kindred.Error, match="give one of objects, embeddings and ids"):
        index.search()
    with pytest.raises(kindred.Error, match="k is 0"):
        index.search(photos[0], k=0)
    with pytest.raises(kindred.Error, match="colour"):
        index.search(photos[0], where="colour = 'red'")
    with pytest.raises(kindred.Error, match=r"float64 \(1, 3\); expected real numbers \(N, \d+\)"):
        index.search(embeddings=[1.0, 2.0, 3.0])
    with pytest.raises(kindred.Error, match='no item "nobody"'):
        index.search(ids="nobody")
    with pytest.raises(kindred.Error, match="7 is no id of an item"):
        index.search(ids=[7])
    with pytest.raises(kindred.Error, match="input 1: .*absent.png") as caught:
        index.search([photos[0], "absent.png"])
    assert caught.value.index == 1
    with pytest.raises(kindred.Error, match="absent.index"):
        kindred.Index.open(folder / "absent.index")
