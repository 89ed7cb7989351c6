"""A browser without a window, driven by the WebDriver protocol (https://www.w3.org/TR/webdriver2/) over plain HTTP."""
import base64
import json
import pathlib
import shutil
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the protocol gives to a reference
KEYS = {"Enter": "\ue007", "Left": "\ue012", "Up": "\ue013", "Right": "\ue014", "Down": "\ue015"}


def is_there():
    return shutil.which("chromedriver") is not None and shutil.which("chromium") is not None


class Browser:
    """Chromium, with a profile in `folder`."""

    def __init__(self, folder):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True)
        try:
            self.begin(folder)
        except BaseException:
            self.end()
            raise

    def begin(self, folder):
        port = next(line.rsplit("port ", 1)[1].strip(" .\n") for line in self.driver.stdout
                    if "successfully on port" in line)
        self.url = f"http://127.0.0.1:{port}"
        # Containers have neither a sandbox nor enough of /dev/shm.
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                            "--window-size=1200,900", f"--user-data-dir={folder}"]}
        session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.url += f"/session/{session['sessionId']}"

    def ask(self, method, path, body=None):
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def close(self):
        try:
            self.ask("DELETE", "")
        finally:
            self.end()

    def end(self):
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()

    def open(self, address):
        self.ask("POST", "/url", {"url": address})

    def back(self):
        self.ask("POST", "/back")

    def forward(self):
        self.ask("POST", "/forward")

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def developer(self, command, **parameters):
        """A command of Chromium's own protocol, https://chromedevtools.github.io/devtools-protocol/."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def find(self, selector):
        return self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.ask("POST", f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        self.ask("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, key):
        """Presses a key where the focus is."""
        text = KEYS.get(key, key)
        actions = [{"type": kind, "value": text} for kind in ("keyDown", "keyUp")]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector)

    def wait(self, script, *arguments, seconds=30):
        """Returns what `script` does as soon as that is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run(script, *arguments)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"after {seconds} s this is still not so: {script} {arguments}; the page says "
                             f"{self.run('return document.body.innerText')[:500]!r}, its log {self.complaints()}")

    def complaints(self):
        """What the page's console says since the last call: failed loads, refused scripts, exceptions."""
        return [one["message"] for one in self.ask("POST", "/se/log", {"type": "browser"})
                if one["level"] in ("SEVERE", "WARNING")]

    def picture(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))
