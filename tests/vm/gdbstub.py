# SPDX-License-Identifier: LGPL-2.1-or-later
"""Registers that QEMU puts into no dump, through its gdb stub: ARM's translation table bases."""
import re
import socket

SECONDS = 60


class Stub:
    """A connection; while it lasts, the guest stands still."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SECONDS)
        self.socket.connect(str(path))
        self.stream = self.socket.makefile('rb')
        self.ask('qSupported:xmlRegisters=arm')
        self.numbers = self._numbers()

    def ask(self, text):
        data = text.encode()
        self.socket.sendall(b'$%s#%02x' % (data, sum(data) & 255))
        while self.stream.read(1) != b'$':
            pass
        answer = bytearray()
        while (byte := self.stream.read(1)) not in (b'#', b''):
            answer += byte
        self.stream.read(2)
        self.socket.sendall(b'+')
        return re.sub(rb'}(.)', lambda found: bytes([found[1][0] ^ 0x20]), bytes(answer),
                      flags=re.S).decode()

    def _document(self, name):
        text = ''
        while True:
            piece = self.ask(f'qXfer:features:read:{name}:{len(text):x},7fb')
            text += piece[1:]
            if not piece.startswith('m'):
                return text

    def _numbers(self):
        """Name to number of each register, in the order of the documents."""
        numbers, number = {}, 0
        target = self._document('target.xml')
        self.order = 'big' if '<architecture>s390' in target else 'little'
        for name in re.findall(r'include href="([^"]+)"', target):
            for register in re.findall(r'<reg [^>]*>', self._document(name)):
                stated = re.search(r'regnum="(\d+)"', register)
                number = int(stated[1]) if stated else number
                numbers[re.search(r'name="([^"]+)"', register)[1]] = number
                number += 1
        return numbers

    def read(self, cpu, name):
        """A register's value, or None."""
        self.ask(f'Hg{cpu + 1:x}')
        answer = self.ask(f'p{self.numbers[name]:x}') if name in self.numbers else ''
        if not re.fullmatch(r'(?:[0-9a-f]{2})+', answer):
            return None
        return int.from_bytes(bytes.fromhex(answer), self.order)

    def close(self):
        self.stream.close()
        self.socket.close()
