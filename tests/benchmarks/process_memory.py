"""The memory of a process that a benchmark started."""
import pathlib
import time


def watch(process):
    """Waits until a process of subprocess.Popen ends. MiB at the most: `all` of it, mapped files included, and its `own`."""
    most = {"VmHWM": 0, "RssAnon": 0}
    while process.poll() is None:
        try:
            for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
                key, _, value = line.partition(":")
                if key in most:
                    most[key] = max(most[key], int(value.split()[0]))
        except OSError:  # it just ended
            pass
        time.sleep(0.02)
    return {"all": most["VmHWM"] / 1024, "own": most["RssAnon"] / 1024}
