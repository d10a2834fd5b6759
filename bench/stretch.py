#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make the kdump of a far larger machine out of a real one: stretch.py IN OUT TIB. See README.md.

The bitmaps are made as long as that machine's would be, its further memory has no pages in the dump
and the pages' descriptors are told where their data lie now. All else is the same.
"""
import os
import struct
import sys

SIGNATURE = b'KDUMP   '
DESCRIPTOR = struct.Struct('<QIIQ')
FIELDS = struct.Struct('<4I')  # block_size, sub_hdr_size, bitmap_blocks, max_mapnr
FIELDS_AT = 428
LONG_FRAMES_AT = 96  # of max_mapnr_64 in the sub header, since version 6
PIECE = 1 << 20


def copy(source, target, at, to, count):
    source.seek(at)
    target.seek(to)
    while count:
        piece = source.read(min(count, PIECE))
        if not piece:
            break
        target.write(piece)
        count -= len(piece)


def stretch(source, target, tib):
    """@return how many bytes one bitmap has"""
    head = source.read(4096)
    version, = struct.unpack_from('<I', head, 8)
    block, sub, bitmap_blocks, _ = FIELDS.unpack_from(head, FIELDS_AT)
    if head[:8] != SIGNATURE or version < 6 or block != 4096:
        sys.exit('no kdump of version 6 by a 64-bit little-endian program, in pages of 4 KiB')
    bitmaps, old = (1 + sub) * block, bitmap_blocks // 2 * block
    frames = (tib << 40) // block
    new = (frames // 8 + block - 1) // block * block
    if new < old:
        sys.exit('it is larger than that already')

    copy(source, target, 0, 0, bitmaps)
    target.seek(FIELDS_AT)
    target.write(FIELDS.pack(block, sub, 2 * new // block, min(frames, 0xffffffff)))
    target.seek(block + LONG_FRAMES_AT)
    target.write(struct.pack('<Q', frames))

    source.seek(bitmaps)
    ram, dumped = source.read(old), source.read(old)
    for at, bits in (bitmaps, ram), (bitmaps + new, dumped):
        target.seek(at)
        target.write(bits)
    source.seek(bitmaps + 2 * old)
    target.seek(bitmaps + 2 * new)
    for _ in range(int.from_bytes(dumped, 'little').bit_count()):
        offset, *others = DESCRIPTOR.unpack(source.read(DESCRIPTOR.size))
        target.write(DESCRIPTOR.pack(offset + 2 * (new - old), *others))
    data = source.tell()
    copy(source, target, data, data + 2 * (new - old), os.fstat(source.fileno()).st_size - data)
    return new


def main(old, new, tib):
    with open(old, 'rb') as source, open(new, 'wb') as target:
        print(f'{new}: two bitmaps of {stretch(source, target, int(tib)) >> 20} MiB')


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
