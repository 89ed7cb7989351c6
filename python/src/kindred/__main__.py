"""``python -m kindred`` is the command ``kindred``."""

from kindred._host import main

main()
