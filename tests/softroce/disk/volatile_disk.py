"""A disk with a volatile cache: when the power fails, any choice of sectors that were written and not flushed is lost.

QEMU reaches it as an NBD server at a Unix socket (the NBD project's doc/proto.md, fixed newstyle handshake).
"""

import contextlib
import socket
import struct
import threading

SECTOR_BYTES = 512
MAGIC, OPTION_MAGIC, OPTION_REPLY_MAGIC = b"NBDMAGIC", b"IHAVEOPT", 0x3E889045565A9
REQUEST_MAGIC, REPLY_MAGIC = 0x25609513, 0x67446698
FIXED_NEWSTYLE, NO_ZEROES = 1, 2
OPTION_EXPORT_NAME, OPTION_ABORT, OPTION_INFO, OPTION_GO = 1, 2, 6, 7
REPLY_ACK, REPLY_INFO, REPLY_UNSUPPORTED = 1, 3, 0x80000001
# What it can: flags, flush, force unit access.
ABILITIES = 1 | 4 | 8
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
FORCE_UNIT_ACCESS = 1
NO_SUCH_REQUEST = 22  # EINVAL


class VolatileDisk:
    """Serves one client at a time, from a thread of its own. Ends with close()."""

    def __init__(self, path, mib):
        self.stable = bytearray(mib << 20)
        self.cache = {}
        self.flushes = 0
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def lose_power(self, random):
        """Of what was not flushed each sector is there or not, as `random` has it. Returns (kept, lost)."""
        with self.lock:
            kept = [sector for sector in self.cache if random.random() < 0.5]
            lost = len(self.cache) - len(kept)
            self.write_back(kept)
            self.cache.clear()
        return len(kept), lost

    def write_back(self, sectors):
        for sector in sectors:
            self.stable[sector * SECTOR_BYTES : (sector + 1) * SECTOR_BYTES] = self.cache[sector]

    # --- The protocol ---

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            # A client that is killed ends in the middle of a message.
            with client, contextlib.suppress(EOFError, ConnectionError):
                if self.agree(client):
                    while self.answer(client):
                        pass

    def agree(self, client):
        """The handshake. Returns whether requests follow."""
        client.sendall(MAGIC + OPTION_MAGIC + struct.pack(">H", FIXED_NEWSTYLE | NO_ZEROES))
        receive(client, 4)
        while True:
            magic, option, length = struct.unpack(">8sII", receive(client, 16))
            receive(client, length)
            if magic != OPTION_MAGIC or option == OPTION_ABORT:
                return False
            if option == OPTION_EXPORT_NAME:
                client.sendall(struct.pack(">QH", len(self.stable), ABILITIES))
                return True
            if option in (OPTION_INFO, OPTION_GO):
                info = struct.pack(">HQH", 0, len(self.stable), ABILITIES)
                client.sendall(struct.pack(">QIII", OPTION_REPLY_MAGIC, option, REPLY_INFO, len(info)) + info)
                client.sendall(struct.pack(">QIII", OPTION_REPLY_MAGIC, option, REPLY_ACK, 0))
                if option == OPTION_GO:
                    return True
            else:
                client.sendall(struct.pack(">QIII", OPTION_REPLY_MAGIC, option, REPLY_UNSUPPORTED, 0))

    def answer(self, client):
        """One request. Returns whether more may follow."""
        magic, flags, kind, handle, offset, length = struct.unpack(">IHHQQI", receive(client, 28))
        if magic != REQUEST_MAGIC or kind == DISCONNECT:
            return False
        data, error = b"", 0
        if kind == WRITE:
            written = receive(client, length)
        with self.lock:
            sectors = range(offset // SECTOR_BYTES, (offset + length) // SECTOR_BYTES)
            if kind == READ:
                data = b"".join(self.sector(sector) for sector in sectors)
            elif kind == WRITE:
                for index, sector in enumerate(sectors):
                    self.cache[sector] = written[index * SECTOR_BYTES : (index + 1) * SECTOR_BYTES]
                if flags & FORCE_UNIT_ACCESS:
                    self.write_back(sectors)
                    for sector in sectors:
                        del self.cache[sector]
            elif kind == FLUSH:
                self.write_back(self.cache)
                self.cache.clear()
                self.flushes += 1
            else:
                error = NO_SUCH_REQUEST
        client.sendall(struct.pack(">IIQ", REPLY_MAGIC, error, handle) + data)
        return True

    def sector(self, number):
        if number in self.cache:
            return self.cache[number]
        return bytes(self.stable[number * SECTOR_BYTES : (number + 1) * SECTOR_BYTES])


def receive(client, length):
    """Exactly so many bytes. Throws EOFError."""
    data = bytearray()
    while len(data) < length:
        piece = client.recv(length - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)
