#!/usr/bin/env python3
"""The page of `host serve` in a real browser.

    page_test.py HOST PLUGIN_FOLDER

Exits with 77, which CTest takes as skipped, where chromium or its driver is not installed.
"""
import base64
import json
import pathlib
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

import browser
from served import PIPELINE, Server, picture, run_host, write_pictures

KEY = "a key of eight letters or more"
DROP = """
  const bytes = Uint8Array.from(atob(arguments[0]), (one) => one.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], arguments[1], { type: "image/png" }));
  const event = arguments[2] === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);"""


class PageTest(unittest.TestCase):
    HOST = PLUGINS = None  # set by main()

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="kindred_page_", ignore_cleanup_errors=True)
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.make()
        cls.server = Server(cls, "--index", "index")
        cls.addClassCleanup(cls.server.close)
        cls.with_base = Server(cls, "--index", "index", "--base-index", "before.index")
        cls.addClassCleanup(cls.with_base.close)
        cls.page = browser.Browser(cls.folder / "profile")
        cls.addClassCleanup(cls.page.close)

    @classmethod
    def make(cls):
        """Trains in a blink, and builds an index with small pictures, and "before.index" by the model before training."""
        write_pictures(cls.folder / "photos", 8)
        (cls.folder / "pipeline.json").write_text(json.dumps(PIPELINE))
        items = ["--data", "pipeline.json", "--split", "all"]
        run_host(cls, "run", "pipeline.json", "--output", "run")
        run_host(cls, "index", "build", "--model", "run", "--output", "index", *items, "--thumbnails")
        run_host(cls, "run", "pipeline.json", "--set", "train.epochs=0", "--set", "model.head=[]", "--output", "before")
        run_host(cls, "index", "build", "--model", "before", "--output", "before.index", *items)

    def setUp(self):
        self.page.open(self.server.url + "/")
        self.page.complaints()
        self.wait_for("items")

    def wait_for(self, words):
        """Until the status says `words`."""
        return self.page.wait("const said = document.getElementById('status').textContent;"
                              "return said.includes(arguments[0]) && said", words)

    def cards(self, within="#lists"):
        return self.page.run("return [...document.querySelectorAll(`${arguments[0]} .card`)].map((one) => ({id: one.dataset.id, "
                             "name: one.querySelector('strong').textContent, "
                             "far: one.querySelector('.distance').textContent, "
                             "note: one.querySelector('.note').textContent}))", within)

    def give(self, how, bytes_, name="picture.png"):
        self.page.run(DROP, base64.b64encode(bytes_).decode(), name, how)

    def error(self):
        return self.page.wait("const box = document.getElementById('error'); return !box.hidden && box.textContent")

    def focused(self):
        return self.page.run("return document.activeElement.closest('.card')?.dataset.id")

    def test_shows_the_items_at_first_with_their_pictures(self):
        self.assertEqual(len(self.cards()), 48)
        self.assertEqual(self.page.texts("#status"), ["The first 48 items; choose one to find what is like it."])
        self.page.wait("return [...document.querySelectorAll('.card img')].slice(0, 8)"
                       ".every((one) => one.complete && one.naturalWidth > 0)")
        self.assertEqual(self.page.complaints(), [])

    def test_a_picture_that_is_dropped_pasted_or_chosen_finds_itself_first(self):
        for how, of_class, number in (("drop", 3, 1), ("paste", 5, 2)):
            self.give(how, picture(of_class, number))
            self.page.wait("return document.querySelector('#query img')?.naturalWidth > 0")
            self.wait_for("nearest")
            first = self.cards()[0]
            self.assertEqual((first["name"], pathlib.Path(first["id"]).name), (f"class_{of_class}", f"{number}.png"))
            self.assertLess(float(first["far"]), 0.001)
        self.page.type("#file", str(self.folder / "photos/class_0/4.png"))
        self.page.wait("return document.querySelector('#query span')?.textContent === '4.png'")
        self.wait_for("nearest")
        self.assertEqual(self.cards()[0]["name"], "class_0")
        self.assertEqual(self.page.complaints(), [])

    def test_goes_on_from_an_item_and_back_also_to_a_picture(self):
        self.give("drop", picture(2, 0), "mine.png")
        self.wait_for("nearest")
        found = self.cards()
        self.assertEqual(len(found), 48)
        followed = found[4]["id"]
        self.page.click(".card:nth-child(5) a")
        self.page.wait("return document.querySelector('#query span')?.textContent === arguments[0]", followed)
        self.wait_for("nearest")
        like_it = self.cards()
        self.assertNotIn(followed, [one["id"] for one in like_it])  # it does not find itself
        self.page.back()
        self.page.wait("return document.querySelector('#query span')?.textContent === 'mine.png'")
        self.wait_for("nearest")
        self.assertEqual(self.cards(), found)
        self.page.forward()
        self.page.wait("return document.querySelector('#query span')?.textContent === arguments[0]", followed)
        address = self.page.run("return location.href")  # is a link that finds the same
        self.page.open(address)
        self.wait_for("nearest")
        self.assertEqual(self.cards(), like_it)

    def test_scrolling_brings_more_until_all_are_there(self):
        self.give("drop", picture(7, 7))
        self.wait_for("more follow")
        self.page.run("scrollTo(0, document.body.scrollHeight)")
        self.wait_for("64 items found")
        cards = self.cards()
        self.assertEqual(len({one["id"] for one in cards}), 64)
        far = [float(one["far"]) for one in cards]
        self.assertEqual(far, sorted(far))
        self.page.click("#home")
        self.wait_for("first 48")
        self.page.run("scrollTo(0, document.body.scrollHeight)")
        self.wait_for("64 items.")
        self.assertEqual(len({one["id"] for one in self.cards()}), 64)

    def test_filters_by_a_condition_and_says_what_is_wrong_with_one(self):
        self.page.type("#where", "class_name = 'class_6'\ue007")
        self.wait_for("8 items.")
        self.assertEqual({one["name"] for one in self.cards()}, {"class_6"})
        self.give("drop", picture(1, 0))
        self.wait_for("8 items found")
        self.assertEqual({one["name"] for one in self.cards()}, {"class_6"})
        self.page.type("#where", " AND colour = 1\ue007")
        said = self.error()
        self.assertIn("the condition `class_name = 'class_6' AND colour = 1` cannot be used: no such column: colour", said)
        self.assertEqual(self.page.run("return document.getElementById('error').getAttribute('role')"), "alert")
        self.page.back()
        self.wait_for("8 items found")
        self.assertEqual(self.page.run("return document.getElementById('error').hidden"), True)

    def test_a_file_that_is_no_picture_is_an_error_in_words(self):
        self.give("drop", b"this is no picture", "letter.txt")
        self.assertIn("the picture", self.error())

    def test_finds_each_class_once(self):
        self.give("drop", picture(4, 3))
        self.wait_for("nearest")
        self.page.click("#group")
        self.wait_for("8 items found")
        self.assertEqual(len({one["name"] for one in self.cards()}), 8)
        self.assertEqual(self.cards()[0]["name"], "class_4")

    def test_keys_move_mark_and_go_on(self):
        self.page.run("document.querySelector('.card a').focus()")
        ids = [one["id"] for one in self.cards()]
        columns = self.page.run("return getComputedStyle(document.getElementById('results'))"
                                ".gridTemplateColumns.split(' ').length")
        for key, place in (("Right", 1), ("Down", 1 + columns), ("Left", columns), ("Up", 0)):
            self.page.press(key)
            self.assertEqual(self.focused(), ids[place])
        self.page.press("+")
        self.page.press("Right")
        self.page.press("-")
        self.assertEqual(self.page.texts("#marked"), ["1 more like, 1 less like"])
        self.assertEqual(self.page.run("return [...document.querySelectorAll('[aria-pressed=true]')].map((one) => "
                                       "one.getAttribute('aria-label').split(':')[0])"),
                         ["More like this", "Less like this"])
        self.page.press("-")  # takes the mark away again
        self.assertEqual(self.page.texts("#marked"), ["1 more like"])
        self.page.press("Enter")
        self.page.wait("return document.querySelector('#query span')?.textContent === arguments[0]", ids[1])

    def test_marks_become_the_next_search(self):
        ids = [one["id"] for one in self.cards()]
        self.page.click(".card:nth-child(1) .minus")
        self.page.click("#apply")
        self.assertIn("mark one item with +", self.error())
        self.page.click(".card:nth-child(8) .plus")
        self.page.click("#apply")
        self.wait_for("nearest")
        self.assertEqual(self.page.texts("#query span"), [ids[7], f"less like {ids[0]}"])
        body = json.dumps({"like": [{"id": ids[7]}], "unlike": [{"id": ids[0]}], "k": 48}).encode()
        request = urllib.request.Request(self.server.url + "/search", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            wanted = [one["id"] for one in json.load(answer)["found"]]
        self.assertEqual([one["id"] for one in self.cards()], wanted)

    def open_with_base(self, address="/"):
        self.page.open(self.with_base.url + address)
        self.wait_for("items")

    def ask(self, method, path, body=b"", kind="application/json"):
        """What the server that has a base answers."""
        request = urllib.request.Request(self.with_base.url + path, body or None, {"Content-Type": kind}, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def check_list(self, within, found, is_right, title):
        """That a list shows what was found, notes those that are right, and counts them."""
        cards = self.cards(within)
        self.assertEqual([one["id"] for one in cards], [one["id"] for one in found])
        right = [is_right(one) for one in cards]
        self.assertEqual([one["note"] != "" for one in cards], right)
        self.assertTrue(any(right))
        said = f"{title}: {sum(right[:10])} of the nearest 10, {sum(right)} of the nearest {len(right)}."
        self.assertEqual(self.page.texts(f"{within} .tally"), [said])

    def test_an_item_shows_which_are_of_its_class_after_and_before_training(self):
        item = "class_6/2.png"
        item = next(one for one in self.ask("GET", "/items?limit=64")["items"] if one["id"].endswith(item))["id"]
        self.open_with_base(f"/?id={urllib.parse.quote(item, safe='')}")
        self.wait_for("nearest")
        self.assertEqual(self.page.run("return document.getElementById('base').hidden"), True)
        self.page.click("#beside")
        self.page.wait("return document.querySelectorAll('#base .card').length === 48")
        for within, space in (("#tuned", "tuned"), ("#base", "base")):
            found = self.ask("POST", "/search", json.dumps({"id": item, "k": 48, "space": space}).encode())["found"]
            self.check_list(within, found, lambda one: one["name"] == "class_6", "Same class")
            self.assertEqual(self.page.run("return [...document.querySelectorAll(`${arguments[0]} .card a`)].map((one) => "
                                           "one.getAttribute('aria-label').endsWith(', same class'))", within),
                             [one["class"] == "class_6" for one in found])
        self.assertNotEqual(self.cards("#tuned"), self.cards("#base"))
        self.assertEqual(self.page.run("return [...document.querySelectorAll('section')].map((one) => "
                                       "document.getElementById(one.getAttribute('aria-labelledby')).textContent)"),
                         ["After training", "Before training"])
        both = self.cards()
        self.page.open(self.page.run("return location.href"))  # is a link that shows the same
        self.page.wait("return document.querySelectorAll('#base .card.noted').length > 0")
        self.assertEqual(self.cards(), both)
        self.page.back()
        self.page.back()
        self.page.wait("return document.getElementById('base').hidden && document.querySelectorAll('#tuned .card').length")
        self.assertEqual([one["note"] for one in self.cards() if one["note"]], [])
        self.assertEqual(self.page.complaints(), [])

    def test_a_picture_is_searched_for_as_it_was_before_training_too(self):
        self.open_with_base()
        self.assertEqual(self.page.run("return document.getElementById('beside').disabled"), True)  # nothing is searched for
        content = picture(3, 5)
        self.give("drop", content)
        self.wait_for("nearest")
        self.page.click("#beside")
        self.page.wait("return document.querySelectorAll('#base .card').length === 48")
        found = {space: self.ask("POST", f"/search?k=48&space={space}", content, "image/png")["found"] for space in ("tuned", "base")}
        for space, other in (("tuned", "base"), ("base", "tuned")):
            others = {one["id"] for one in found[other]}
            self.check_list(f"#{space}", found[space], lambda one: one["id"] in others, "In both lists")
            self.assertLess(float(self.cards(f"#{space}")[0]["far"]), 0.001)
        self.assertNotEqual([one["id"] for one in found["tuned"]], [one["id"] for one in found["base"]])
        self.page.run("scrollTo(0, document.body.scrollHeight)")
        self.wait_for("64 items found")
        for within in ("#tuned", "#base"):
            self.assertEqual(len({one["id"] for one in self.cards(within)}), 64)
        self.page.click("#group")
        self.wait_for("8 items found")
        self.page.click("#base .card:nth-child(3) a")
        self.page.wait("return document.querySelector('#base .tally').textContent.startsWith('Same class: at place ')")
        self.assertEqual([sum(one["note"] == "same class" for one in self.cards(within)) for within in ("#tuned", "#base")], [1, 1])
        self.assertEqual(self.page.complaints(), [])

    def test_keys_and_marks_work_in_both_lists(self):
        item = self.ask("GET", "/items?limit=1")["items"][0]["id"]
        self.open_with_base(f"/?beside=1&id={urllib.parse.quote(item, safe='')}")
        self.page.wait("return document.querySelectorAll('#base .card').length === 48")
        self.page.run("document.querySelector('#base .card a').focus()")
        before = [one["id"] for one in self.cards("#base")]
        columns = self.page.run("return getComputedStyle(document.querySelector('#base ol')).gridTemplateColumns.split(' ').length")
        for key, place in (("Right", 1), ("Down", 1 + columns)):
            self.page.press(key)
            self.assertEqual(self.focused(), before[place])
        self.page.press("+")
        marked = self.page.run("return [...document.querySelectorAll('.card.like')].map((one) => "
                               "[one.closest('section').id, one.dataset.id])")
        in_first = before[1 + columns] in [one["id"] for one in self.cards("#tuned")]
        self.assertEqual(marked, [["tuned", before[1 + columns]]] * in_first + [["base", before[1 + columns]]])
        self.page.click("#unmark")
        self.assertEqual(self.page.run("return document.querySelectorAll('.card.like').length"), 0)

    def test_what_fails_before_training_alone_leaves_the_other_list(self):
        self.ask("POST", "/items?id=new", picture(1, 99), "image/png")
        self.addCleanup(self.ask, "DELETE", "/items/new")
        self.open_with_base("/?beside=1&id=new")
        self.assertIn("Before training: the index has no item", self.error())
        self.wait_for("nearest")
        self.assertEqual([len(self.cards(within)) for within in ("#tuned", "#base")], [48, 0])

    def test_nothing_of_before_training_is_seen_where_it_is_not_served(self):
        item = self.cards()[0]["id"]
        self.page.open(f"{self.server.url}/?beside=1&id={urllib.parse.quote(item, safe='')}")
        self.wait_for("nearest")
        self.assertNotIn("training", self.page.run("return document.body.innerText"))
        self.assertEqual(self.page.run("return document.querySelectorAll('section[aria-labelledby]').length"), 0)
        self.assertEqual(len(self.cards()), 48)
        self.assertEqual(self.page.complaints(), [])

    def test_fits_a_phone(self):
        self.page.developer("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
        try:
            self.give("drop", picture(0, 0), "a" * 80 + ".png")
            self.wait_for("nearest")
            self.assertLessEqual(self.page.run("return document.documentElement.scrollWidth"), 360)
            self.open_with_base()
            self.give("drop", picture(0, 0))
            self.wait_for("nearest")
            self.page.click("#beside")
            self.page.wait("return document.querySelectorAll('#base .card').length === 48")
            self.assertLessEqual(self.page.run("return document.documentElement.scrollWidth"), 360)
            covered = self.page.run("return [...document.querySelectorAll('.card')].filter((card) => {"
                                    "const [far, mark] = ['.distance', '.mark'].map((one) => "
                                    "card.querySelector(one).getBoundingClientRect());"
                                    "return far.right > mark.left && far.bottom > mark.top; }).length")
            self.assertEqual(covered, 0)
        finally:
            self.page.developer("Emulation.clearDeviceMetricsOverride")

    def test_is_dark_where_the_machine_is(self):
        ground = "return getComputedStyle(document.body).backgroundColor"
        self.assertEqual(self.page.run(ground), "rgb(255, 255, 255)")
        self.page.developer("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        try:
            self.assertEqual(self.page.run(ground), "rgb(20, 22, 26)")
        finally:
            self.page.developer("Emulation.setEmulatedMedia", features=[])

    def test_docs_show_the_interface(self):
        self.page.open(self.server.url + "/docs")
        self.page.wait("return document.querySelectorAll('details').length > 10")
        self.assertIn("POST/search", " ".join(self.page.texts("summary")).replace(" ", ""))
        self.assertEqual(self.page.complaints(), [])

    def test_a_script_that_an_item_brings_is_not_run(self):
        """The policy of the page refuses what is written into it."""
        self.page.run("const made = document.createElement('script'); made.textContent = 'window.broken = 1';"
                      "document.body.append(made); document.body.insertAdjacentHTML('beforeend', "
                      "'<img src=x: onerror=\"window.broken = 1\">')")
        self.assertIsNone(self.page.run("return window.broken"))
        self.assertIn("Content Security Policy", " ".join(self.page.complaints()))

    def test_asks_for_the_key_once_and_shows_pictures_with_it(self):
        (self.folder / "keys").write_text(KEY + "\n")
        server = Server(self, "--index", "index", "--api-key-file", "keys")
        self.addCleanup(server.close)
        page = browser.Browser(self.folder / "profile_with_key")
        self.addCleanup(page.close)
        page.open(server.url + "/")
        page.wait("return document.getElementById('ask').open")
        page.type("#key", "a wrong key" + "\ue007")
        page.wait("return document.getElementById('refused').textContent.includes('does not know this key')")
        page.type("#key", KEY + "\ue007")
        page.wait("return document.querySelectorAll('.card').length === 48")
        page.wait("return document.querySelector('.card img').naturalWidth > 0")
        page.open(server.url + "/")  # the tab keeps it
        page.wait("return document.querySelectorAll('.card').length === 48")


def main(arguments):
    if not browser.is_there():
        print("skipped: chromium and chromedriver are not installed (apt-get install chromium chromium-driver)")
        return 77
    PageTest.HOST, PageTest.PLUGINS = (str(pathlib.Path(one).resolve()) for one in arguments[1:3])
    unittest.main(argv=[arguments[0], *arguments[3:]], verbosity=2)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
