"""How often a program waits for the server: each time costs as long as the line is."""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Line:
    """A socket between clients and the server that counts how often the server says that it is ready for more: after
    each statement, or after all that were under way together (ReadyForQuery, protocol-message-formats.html).
    """

    def __init__(self, server: str, folder: Path, port: int, breaks_after: int = 0) -> None:
        self.waits = 0
        self._left = breaks_after or sys.maxsize
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / f".s.PGSQL.{port}"))
        self._listener.listen()
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._open += [client, server]
                threading.Thread(target=self._carry, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(server, client, True), daemon=True).start()

    def _carry(self, source: socket.socket, goal: socket.socket, counts: bool) -> None:
        rest = b""
        with suppress(OSError):
            while data := source.recv(1 << 16):
                rest = self._count(rest + data) if counts else b""
                if self._left <= 0:
                    self.close()
                goal.sendall(data)
            goal.shutdown(socket.SHUT_WR)

    def _count(self, data: bytes) -> bytes:
        """Count in whole messages, each a letter and its length without the letter; returns what is left."""
        place = 0
        while len(data) - place >= 5:
            end = place + 1 + int.from_bytes(data[place + 1 : place + 5], "big")
            if end > len(data):
                break
            self.waits += data[place : place + 1] == b"Z"
            self._left -= data[place : place + 1] == b"C"
            place = end
        return data[place:]


@contextmanager
def counted(conninfo: str, breaks_after: int = 0) -> Iterator[tuple[str, Line]]:
    """A connection string over a line that counts, and breaks after so many statements (0: never)."""
    where = conninfo_to_dict(conninfo)
    port = int(where.get("port") or 5432)
    with tempfile.TemporaryDirectory(prefix="fs-line-") as folder:
        line = Line(f"{where['host']}/.s.PGSQL.{port}", Path(folder), port, breaks_after)
        try:
            yield make_conninfo(conninfo, host=folder), line
        finally:
            line.close()
