"""The fixtures of this folder, `ingot` and `project`, are in tests/conftest.py: the other parts use them too."""
