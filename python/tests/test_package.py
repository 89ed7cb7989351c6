import importlib.metadata
import importlib.util
import subprocess
import sys

import kindred
import pytest
from conftest import command
from kindred import _libtorch


def test_another_torch_is_named_with_both_versions(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0.1+cpu")
    said = rf"kindred {kindred.__version__} was built with LibTorch 2\.\d+, but torch 1\.0\.1\+cpu is installed in"
    with pytest.raises(ImportError, match=said):
        _libtorch.folder()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        ImportError, match=r"needs the package torch 2\.\d+, which is not installed; pip install"
    ):
        _libtorch.folder()


def test_torch_is_not_imported_for_it():
    code = "import sys, kindred; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_command_is_the_host():
    assert command("--version").split() == ["kindred", kindred.__version__]
    assert "kindred.resnet" in command("list", "--kind", "encoder")
