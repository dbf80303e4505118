"""What has been answered and not been read yet: in memory up to a bound, beyond it in files that have no name."""

import os
import tempfile
from collections import deque
from dataclasses import dataclass
from typing import IO, cast

# Of one reply in memory, of all replies in memory, and of all in files.
MEMORY_BYTES_OF_ONE = 256 * 1024
MEMORY_BYTES = 64 * 1024**2
FILE_BYTES = 2 * 1024**3
_PIECE_BYTES = 256 * 1024


@dataclass(slots=True, kw_only=True)
class Room:
    """How much all replies together take, and may take."""

    memory_most: int = MEMORY_BYTES
    files_most: int = FILE_BYTES
    memory: int = 0
    files: int = 0

    @property
    def is_full(self) -> bool:
        return self.files >= self.files_most


class Spool:
    """One reply between the thread that makes it and the caller who reads it."""

    def __init__(self, room: Room) -> None:
        self._room = room
        # In the order of the reply: pieces in memory, and how much to read of the file.
        self._parts: deque[bytes | int] = deque()
        self._in_memory = 0
        self._file: IO[bytes] | None = None
        self._read = self._written = 0

    def __len__(self) -> int:
        return self._in_memory + self._written - self._read

    def add(self, piece: bytes) -> bool:
        """Keeps a piece. False when no more should come until some has been taken."""
        if self._file is None and self._fits(piece):
            self._keep(piece)
        elif self._room.is_full or not self._write(piece):
            self._keep(piece)
            return False
        return True

    def take(self) -> bytes:
        """The next piece; nothing when all that has come is taken."""
        if not self._parts:
            return b""
        part = self._parts.popleft()
        if isinstance(part, bytes):
            self._in_memory -= len(part)
            self._room.memory -= len(part)
            return part
        piece = os.pread(cast("IO[bytes]", self._file).fileno(), min(part, _PIECE_BYTES), self._read)
        if not piece:
            raise OSError("A file of a reply lost what was written to it.")
        self._read += len(piece)
        if part > len(piece):
            self._parts.appendleft(part - len(piece))
        elif self._read == self._written:
            self._forget_file()
        return piece

    def close(self) -> None:
        self._parts.clear()
        self._room.memory -= self._in_memory
        self._in_memory = 0
        self._forget_file()

    def _fits(self, piece: bytes) -> bool:
        return (
            self._in_memory + len(piece) <= MEMORY_BYTES_OF_ONE
            and self._room.memory + len(piece) <= self._room.memory_most
        )

    def _keep(self, piece: bytes) -> None:
        self._parts.append(piece)
        self._in_memory += len(piece)
        self._room.memory += len(piece)

    def _write(self, piece: bytes) -> bool:
        """False when the disk is full, or there is no file to be had."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 -- closed with the reply
            done = os.pwrite(self._file.fileno(), piece, self._written)
            if done < len(piece):
                return False
        except OSError:
            return False
        self._written += done
        self._room.files += done
        if self._parts and isinstance(self._parts[-1], int):
            self._parts[-1] += done
        else:
            self._parts.append(done)
        return True

    def _forget_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._room.files -= self._written
            self._file = None
            self._read = self._written = 0
