"""What is installed is what was meant to be."""

import hashlib
from base64 import urlsafe_b64encode
from importlib.metadata import files


def test_of_two_files_that_come_for_one_place_the_right_one_is_there() -> None:
    """chdb and the chdb-core beneath it both bring chdb/__init__.py, and the last one that was installed stays."""
    (file,) = [file for file in files("chdb") or [] if str(file) == "chdb/__init__.py"]
    digest = hashlib.sha256(file.locate().read_bytes()).digest()  # type: ignore[attr-defined]
    assert file.hash
    assert urlsafe_b64encode(digest).decode().rstrip("=") == file.hash.value
