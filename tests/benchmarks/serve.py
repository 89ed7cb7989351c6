#!/usr/bin/env python3
"""The rows of docs/results.md about serving, each a ratio within one run of this program.

    cmake --build build/release
    tests/benchmarks/serve.py --model RUN --photos FOLDER [--parts embed,peer,index,soak] [--clients 16]
        [--seconds 10] [--rounds 3] [--index-rows 1000000] [--soak 100000] [--build build/release] [--scratch FOLDER]

RUN is the folder of a run whose model reads pictures, FOLDER has JPEG files. Clients are processes of this program, beside the
server on the same processors, so that what is measured includes what asking costs.
  embed    pictures/s over HTTP by CLIENTS clients, and of `host embed` of the same files; median and 99th percentile
  peer     pictures/s of the server, of EfficientNet-Lite0 behind FastAPI and ONNX Runtime with batches, and of the same request by
           request (serve_peer.py); the peers are installed with pip into an environment in SCRATCH. The model has to be an
           EfficientNet-Lite0 at 224 px for the figures to say something
  index    the median of embedding an input and of searching with it in an index of INDEX-ROWS x the model's dimension; a model that
           reads vectors will do
  soak     SOAK requests, a tenth of them damaged: the memory of the server after the first and the last tenth
"""
import argparse
import base64
import http.client
import json
import multiprocessing
import os
import pathlib
import random
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from peer_environment import python_with

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ["numpy", "pillow", "onnx", "onnxruntime", "fastapi", "uvicorn[standard]"]


class Server:
    def __init__(self, arguments, *more):
        self.process = subprocess.Popen([host_of(arguments), "serve", "--model", arguments.model, "--port", "0", *more],
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found.group(1))
                # What libjpeg says of damaged pictures fills the pipe otherwise, and the server waits.
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                return
        sys.exit("the server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def memory(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024


def host_of(arguments):
    return ROOT / arguments.build / "bin/host"


def ask(connection, path, body, kind):
    connection.request("POST", path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, content


def client(port, files, first, step, until, path, results):
    """Asks for one picture after the other; what is told are the seconds of each. By a socket, since http.client takes half a
    millisecond of the processors that the server works with."""
    requests = []
    for one in files[first::step]:
        body = pathlib.Path(one).read_bytes()
        requests.append(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: image/jpeg\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    times, place = [], 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        while time.monotonic() < until:
            start = time.monotonic()
            connection.sendall(requests[place % len(requests)])
            answer = connection.recv(1 << 16)
            while (end := answer.find(b"\r\n\r\n")) < 0:
                answer += connection.recv(1 << 16)
            header = answer[:end].lower()
            assert header.startswith(b"http/1.1 200"), answer
            left = int(header.split(b"content-length:")[1].split(b"\r\n")[0]) - (len(answer) - end - 4)
            while left > 0:
                left -= len(connection.recv(1 << 16))
            times.append(time.monotonic() - start)
            place += 1
    results.put(times)


def by_clients(port, files, count, seconds, path="/embed"):
    results = multiprocessing.Queue()
    until = time.monotonic() + seconds
    clients = [multiprocessing.Process(target=client, args=(port, files, i, count, until, path, results)) for i in range(count)]
    start = time.monotonic()
    for one in clients:
        one.start()
    times = [value for _ in clients for value in results.get()]
    for one in clients:
        one.join()
    return len(times) / (time.monotonic() - start), sorted(times)


def embed_rate(arguments, files):
    """Pictures/s of `host embed`, without its start: the difference of many and few."""
    def seconds(count):
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
            start = time.monotonic()
            subprocess.run([host_of(arguments), "embed", "--quiet", "--model", arguments.model, "--output",
                            f"{folder}/e.npy", "-"], input="\n".join(files[:count]), text=True, check=True)
            return time.monotonic() - start

    few, many = min(64, len(files) // 4), len(files)
    return (many - few) / (seconds(many) - seconds(few))


def part_embed(arguments, files):
    """Both in turns; what is compared is the best of each, since whatever else the machine does only slows it down."""
    rates, alone, latencies = [], [], []
    with Server(arguments) as server:
        by_clients(server.port, files, arguments.clients, 3)
        for _ in range(arguments.rounds):
            rate, times = by_clients(server.port, files, arguments.clients, arguments.seconds)
            rates.append(rate)
            latencies.append((statistics.median(times), times[int(len(times) * 0.99)]))
            alone.append(embed_rate(arguments, files))
    best = rates.index(max(rates))
    median, late = latencies[best]
    print(f"embed: {max(rates):.1f} pictures/s over HTTP by {arguments.clients} clients, {max(alone):.1f} by host embed: "
          f"{max(rates) / max(alone):.2f}x, the best of {arguments.rounds} rounds each; median {median * 1e3:.0f} ms, "
          f"99th percentile {late * 1e3:.0f} ms: {late / median:.2f}x")


class Peer:
    """The server of serve_peer.py, by a Python that has what it needs."""

    def __init__(self, arguments):
        folder = pathlib.Path(arguments.scratch) / "peers"
        python, script = python_with(folder, PEERS), ROOT / "tests/benchmarks/serve_peer.py"
        model = folder / "efficientnet_lite0.onnx"
        if not model.exists():
            subprocess.run([python, script, "make", model], check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen([python, script, "serve", model, str(self.port), str(os.cpu_count())])

    def __enter__(self):
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/openapi.json").read()
                return self
            except OSError:
                time.sleep(0.1)
        sys.exit("the peer did not start")

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait()


def part_peer(arguments, files):
    """All in turns, and the best of each."""
    rates = {"kindred": [], "batched": [], "single": []}
    with Server(arguments) as server, Peer(arguments) as peer:
        ways = {"kindred": (server.port, "/embed"), "batched": (peer.port, "/batched"), "single": (peer.port, "/single")}
        for port, path in ways.values():
            by_clients(port, files, arguments.clients, 3, path)
        for _ in range(arguments.rounds):
            for name, (port, path) in ways.items():
                rates[name].append(by_clients(port, files, arguments.clients, arguments.seconds, path)[0])
    best = {name: max(values) for name, values in rates.items()}
    print(f"peer: {best['kindred']:.1f} pictures/s by {arguments.clients} clients; FastAPI and ONNX Runtime {best['batched']:.1f} with batches: "
          f"{best['kindred'] / best['batched']:.2f}x, {best['single']:.1f} request by request: {best['kindred'] / best['single']:.2f}x; "
          f"the best of {arguments.rounds} rounds each")


def made_index(arguments, dimension):
    """An index of drawn rows, which `host index import` makes."""
    folder = pathlib.Path(arguments.scratch) / f"rows_{arguments.index_rows}_{dimension}"
    if (folder / "done").exists():
        return folder / "index"
    folder.mkdir(parents=True, exist_ok=True)
    rows = arguments.index_rows
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dimension}), }}"
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    with open(folder / "rows.npy", "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        noise = random.Random(3)
        block = struct.pack(f"<{dimension * 1000}f", *(noise.gauss(0, 1) for _ in range(dimension * 1000)))
        for begin in range(0, rows, 1000):  # blocks that differ by where they are cut
            shift = 4 * noise.randrange(dimension * 1000)
            file.write((block[shift:] + block[:shift])[:4 * dimension * min(1000, rows - begin)])
    subprocess.run([host_of(arguments), "index", "import", folder / "rows.npy", "--from", "numpy", "--output", folder / "index",
                    "--model", arguments.model], check=True)
    (folder / "rows.npy").unlink()
    (folder / "done").touch()
    return folder / "index"


def median_of(server, path, body, kind, count=200):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    times = []
    for _ in range(count):
        start = time.monotonic()
        status, content = ask(connection, path, body, kind)
        times.append(time.monotonic() - start)
        assert status == 200, content
    return statistics.median(times)


def part_index(arguments, files):
    with Server(arguments) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/info")
        model = json.loads(connection.getresponse().read())["model"]
    dimension = model["dimension"]
    if model["reads"] == "vector":
        vector = {"vector": [random.Random(5).gauss(0, 1) for _ in range(dimension)]}
        embedded, asked, kind = json.dumps({"inputs": [vector]}).encode(), json.dumps({"like": [vector]}).encode(), "application/json"
    else:
        embedded = asked = pathlib.Path(files[0]).read_bytes()
        kind = "image/jpeg"
    with Server(arguments, "--index", str(made_index(arguments, dimension))) as server:
        for _ in range(2):  # the first time warms up
            alone = median_of(server, "/embed", embedded, kind, 100)
            searched = median_of(server, "/search", asked, kind, 100)
            by_id = median_of(server, "/search", json.dumps({"id": "17"}).encode(), "application/json")
    print(f"index: {arguments.index_rows} x {dimension}: embedding a {model['reads']} {alone * 1e3:.1f} ms, searching with it "
          f"{searched * 1e3:.1f} ms: {(searched - alone) * 1e3:+.2f} ms; a search by an item {by_id * 1e3:.2f} ms")


def soak(port, files, seed, count, results):
    noise = random.Random(seed)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    bodies = [pathlib.Path(one).read_bytes() for one in files[:20]]
    wrong = 0
    for _ in range(count):
        body = noise.choice(bodies)
        is_damaged = noise.random() < 0.1
        if is_damaged:
            body = bytearray(body)
            if noise.random() < 0.5:
                body = body[:noise.randrange(1, len(body))]
            for _ in range(5):
                body[noise.randrange(len(body))] = noise.randrange(256)
        try:
            if noise.random() < 0.3:
                text = json.dumps({"inputs": [{"image": base64.b64encode(bytes(body)).decode()}]})
                status, _ = ask(connection, "/embed", text.encode(), "application/json")
            elif noise.random() < 0.02:  # hangs up
                connection.request("POST", "/embed", bytes(body), {"Content-Type": "image/jpeg"})
                connection.close()
                continue
            else:
                status, _ = ask(connection, "/embed", bytes(body), "image/jpeg")
        except (http.client.HTTPException, OSError):
            connection.close()
            status = 0
        wrong += status not in ((200, 400) if is_damaged else (200,))
    results.put(wrong)


def part_soak(arguments, files):
    with Server(arguments) as server:
        memories, wrong = [], 0
        for tenth in range(10):
            results = multiprocessing.Queue()
            clients = [multiprocessing.Process(target=soak, args=(server.port, files, tenth * 8 + i, arguments.soak // 80, results))
                       for i in range(8)]
            for one in clients:
                one.start()
            wrong += sum(results.get() for _ in clients)
            for one in clients:
                one.join()
            memories.append(server.memory())
            print(f"  {(tenth + 1) * 10} %: {memories[-1] / 2 ** 20:.0f} MiB", flush=True)
    print(f"soak: {arguments.soak} requests, {wrong} answers that should not be; memory {memories[0] / 2 ** 20:.0f} MiB after a tenth, "
          f"{memories[-1] / 2 ** 20:.0f} MiB at the end: {memories[-1] / memories[0]:.3f}x")


PARTS = {"embed": part_embed, "peer": part_peer, "index": part_index, "soak": part_soak}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--parts", default="embed,peer,index,soak")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--index-rows", type=int, default=1_000_000)
    parser.add_argument("--soak", type=int, default=100_000)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--scratch", default=str(pathlib.Path(tempfile.gettempdir()) / "kindred_serve"))
    arguments = parser.parse_args()
    os.makedirs(arguments.scratch, exist_ok=True)
    arguments.model = str(pathlib.Path(arguments.model).resolve())
    files = sorted(str(one.resolve()) for one in pathlib.Path(arguments.photos).rglob("*.jpg"))
    if len(files) < 100:
        sys.exit(f"{arguments.photos} has {len(files)} JPEG files; at least 100 are needed")
    for part in arguments.parts.split(","):
        PARTS[part](arguments, files[:2000])


if __name__ == "__main__":
    main()
