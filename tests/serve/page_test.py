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
import urllib.request

import browser
import made_pictures

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
        made_pictures.make(cls.HOST, cls.PLUGINS, cls.folder)
        cls.server = made_pictures.Server(cls.HOST, cls.PLUGINS, cls.folder)
        cls.addClassCleanup(cls.server.close)
        cls.page = browser.Browser(cls.folder / "profile")
        cls.addClassCleanup(cls.page.close)

    def setUp(self):
        self.page.open(self.server.url + "/")
        self.page.complaints()
        self.wait_for("items")

    def wait_for(self, words):
        """Until the status says `words`."""
        return self.page.wait("const said = document.getElementById('status').textContent;"
                              "return said.includes(arguments[0]) && said", words)

    def cards(self):
        return self.page.run("return [...document.querySelectorAll('.card')].map((one) => ({id: one.dataset.id, "
                             "name: one.querySelector('strong').textContent, "
                             "far: one.querySelector('.distance').textContent}))")

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
            self.give(how, made_pictures.picture(of_class, number))
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
        self.give("drop", made_pictures.picture(2, 0), "mine.png")
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
        self.give("drop", made_pictures.picture(7, 7))
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
        self.give("drop", made_pictures.picture(1, 0))
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
        self.give("drop", made_pictures.picture(4, 3))
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

    def test_fits_a_phone(self):
        self.page.developer("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
        try:
            self.give("drop", made_pictures.picture(0, 0), "a" * 80 + ".png")
            self.wait_for("nearest")
            self.assertLessEqual(self.page.run("return document.documentElement.scrollWidth"), 360)
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
        server = made_pictures.Server(self.HOST, self.PLUGINS, self.folder, "--api-key-file", "keys")
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
