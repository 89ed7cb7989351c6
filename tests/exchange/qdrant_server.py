"""A server that takes requests as Qdrant does, by the models of its own client, and lets the client's local mode do them."""
import http.server
import json
import threading
import time
import urllib.parse

from qdrant_client import QdrantClient
from qdrant_client.http import models


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, headers=(), length=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)

    def do(self):
        place = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = f"{self.command} {place.path.split('/', 3)[3] if place.path.count('/') > 2 else ''}".strip()
        store = self.server.store
        store.requests.append((key, place.query, len(body), dict(self.headers)))
        if store.acts.get(key) and store.acts[key].pop(0)(self):
            return
        if store.key and self.headers.get("api-key") != store.key:
            self.answer(401, b"Must provide an API key or an Authorization bearer token")
            return
        try:
            status, result = store.execute(key, place, json.loads(body) if body else None)
        except Exception as error:  # what the models do not take
            status, result = 400, None
            store.faults.append(repr(error))
        state = "ok" if status == 200 else {"error": f"status {status} of {key}"}
        self.answer(status, {"result": result, "status": state, "time": 0.0})

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that goes away is part of what is tested."""


class Store:
    """What the server holds, and how it shall act: `acts["PUT points"]` has a function for each of the next requests, which says
    whether it answered."""

    def __init__(self, has_metadata=True, key=""):
        self.client = QdrantClient(":memory:")
        self.has_metadata, self.key = has_metadata, key
        self.metadata, self.acts, self.requests, self.faults = {}, {}, [], []
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.store = self
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.client.close()

    def execute(self, key, place, body):
        with self.lock:
            name = urllib.parse.unquote(place.path.split("/")[2])
            if key != "PUT" and not self.client.collection_exists(name):
                return 404, None
            return self.execute_on(name, key, body)

    def execute_on(self, name, key, body):
        client = self.client
        if key == "GET":
            info = json.loads(client.get_collection(name).model_dump_json(exclude_none=True))
            info["config"].pop("metadata", None)
            if name in self.metadata:
                info["config"]["metadata"] = self.metadata[name]
            return 200, info
        if key == "PUT":
            made = models.CreateCollection.model_validate(body)
            if client.collection_exists(name):
                return 409, None
            return 200, client.create_collection(name, vectors_config=made.vectors)
        if key == "PATCH":
            change = models.UpdateCollection.model_validate(body)
            if self.has_metadata:
                self.metadata[name] = change.metadata
            return 200, True
        if key == "DELETE":
            self.metadata.pop(name, None)
            return 200, client.delete_collection(name)
        if key == "PUT points":
            client.upsert(name, models.PointsList.model_validate(body).points)
            return 200, {"operation_id": 1, "status": "completed"}
        if key == "POST points/count":
            return 200, {"count": client.count(name, exact=models.CountRequest.model_validate(body).exact).count}
        assert key == "POST points/scroll", key
        asked = models.ScrollRequest.model_validate(body)
        points, following = client.scroll(name, limit=asked.limit, offset=asked.offset,
                                          with_payload=asked.with_payload, with_vectors=asked.with_vector)
        return 200, {"points": [json.loads(point.model_dump_json()) for point in points],
                     "next_page_offset": following}


def as_it_is(handler):
    """Does what is asked."""
    return False


def status(code, headers=()):
    def act(handler):
        handler.answer(code, {"status": {"error": f"told to say {code}"}, "time": 0.0}, headers)
        return True
    return act


def cut_off(handler):
    """Breaks off in the middle of the answer."""
    handler.answer(200, b'{"result": {"poi', length=1000)
    handler.close_connection = True
    return True


def stall(seconds):
    def act(handler):
        time.sleep(seconds)
        handler.close_connection = True
        return True
    return act


def says(text):
    def act(handler):
        handler.answer(200, text.encode())
        return True
    return act
