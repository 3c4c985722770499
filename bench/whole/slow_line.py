# SPDX-License-Identifier: AGPL-3.0-or-later
"""A line of a given rate and delay before a server: python -m bench.whole.slow_line PORT MBIT_A_SECOND MILLISECONDS_THERE_AND_BACK.

What goes through is not touched. Each direction has the rate, shared by all connections; each connection takes a time there and back to be made. What
real lines do beyond that (slow start, loss) is left out, on either side of a comparison. Prints the port that it listens on.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import suppress

_AT_ONCE = 4096
_QUEUED_SECONDS = 0.05  # what a router would hold
# What is under way behind that, beside the sender's own buffer, which grows with it: the kernel would take megabytes, and nothing urgent could pass them.
_UNDER_WAY = 32 * 1024


class Direction:
    """One way of the line."""

    def __init__(self, bytes_a_second: float, delay_seconds: float) -> None:
        self._rate, self._delay, self._free_at = bytes_a_second, delay_seconds, 0.0

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the sender ends."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1000)
        arriving = asyncio.create_task(self._arrive(under_way, writer))
        with suppress(ConnectionError):
            while content := await reader.read(_AT_ONCE):
                loop = asyncio.get_running_loop()
                self._free_at = max(self._free_at, loop.time()) + len(content) / self._rate
                await under_way.put((self._free_at + self._delay, content))
                await asyncio.sleep(max(0.0, self._free_at - loop.time() - _QUEUED_SECONDS))
        await under_way.put((0.0, b""))
        await arriving

    async def _arrive(self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while (item := await under_way.get())[1]:
                await asyncio.sleep(max(0.0, item[0] - loop.time()))
                writer.write(item[1])
                await writer.drain()
        with suppress(ConnectionError):
            writer.close()


async def serve(port: int, megabits: float, milliseconds: float) -> None:
    """Until it is killed."""
    rate, delay = megabits * 1e6 / 8, milliseconds / 2000
    there, back = Direction(rate, delay), Direction(rate, delay)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * delay)
        to_server = socket.socket()
        to_server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UNDER_WAY)
        to_server.setblocking(False)
        await asyncio.get_running_loop().sock_connect(to_server, ("127.0.0.1", port))
        server_reader, server_writer = await asyncio.open_connection(sock=to_server, limit=_UNDER_WAY)
        await asyncio.gather(there.pump(reader, server_writer), back.pump(server_reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
