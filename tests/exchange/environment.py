"""The packages that read back what `host index export` wrote, in a virtual environment of their own."""
import fcntl
import hashlib
import importlib.util
import os
import pathlib
import subprocess
import sys
import venv

SKIPPED = 77  # which CTest takes as skipped


def in_environment(*packages):
    """Runs the program that calls this anew by a Python that has `packages`; returns at once where it is the one.

    The environment is made once, in the folder of the environment variable KINDRED_TEST_ENVIRONMENTS, and kept. Where it
    cannot be made, such as without a network, the test is skipped with a line.
    """
    if os.environ.get("KINDRED_IN_ENVIRONMENT") == " ".join(packages):
        return
    root = pathlib.Path(os.environ["KINDRED_TEST_ENVIRONMENTS"])
    root.mkdir(parents=True, exist_ok=True)
    folder = root / hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            try:
                # A pip of its own would take longer to unpack than most packages.
                has_pip = importlib.util.find_spec("pip") is not None
                venv.create(folder, with_pip=not has_pip, clear=True)
                python = folder / "bin/python"
                pip = [sys.executable, "-m", "pip", "--python", python] if has_pip else [python, "-m", "pip"]
                subprocess.run([*pip, "install", "--quiet", "--disable-pip-version-check", "--no-compile",
                                "--retries", "1", "--timeout", "30", *packages], check=True, timeout=600,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            except (subprocess.SubprocessError, OSError) as error:
                print(f"skipped: {', '.join(packages)} cannot be installed ({error})")
                sys.exit(SKIPPED)
            (folder / "done").touch()
    os.environ["KINDRED_IN_ENVIRONMENT"] = " ".join(packages)
    python = str(folder / "bin/python")
    os.execv(python, [python, *sys.argv])
