"""The environment of a benchmark's peers."""
import subprocess
import venv


def python_with(folder, packages, is_whole=lambda folder: True):
    """The Python of a virtual environment in `folder` that has `packages`; it is made where it is missing or not whole."""
    python = folder / "bin/python"
    if not (folder / "done").exists() or not is_whole(folder):
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        (folder / "done").touch()
    return python
