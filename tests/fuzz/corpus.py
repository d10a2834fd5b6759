#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The corpus in the tree: one packed file a target, NAME.tar.xz.

corpus.py unpack CORPUS DIR STAMP   into DIR/NAME, those that are not there yet or older
corpus.py pack DIR FILE BYTES       the smallest inputs of DIR, as many as fit into FILE of BYTES
"""
import io
import lzma
import pathlib
import shutil
import sys
import tarfile


def unpack(corpus, target, stamp):
    target.mkdir(exist_ok=True)
    for packed in sorted(corpus.glob('*.tar.xz')):
        name = packed.name.removesuffix('.tar.xz')
        done = target / f'{name}.done'
        if done.exists() and done.stat().st_mtime >= packed.stat().st_mtime:
            continue
        shutil.rmtree(target / name, ignore_errors=True)
        (target / name).mkdir()
        with tarfile.open(packed) as tar:
            for member in tar:
                file = member.isfile() and tar.extractfile(member)
                if file:
                    (target / name / pathlib.Path(member.name).name).write_bytes(file.read())
        done.touch()
    stamp.touch()


def packed_bytes(files):
    """A tar file of these, always the same for the same inputs."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode='w', format=tarfile.USTAR_FORMAT) as tar:
        for file in files:
            info = tarfile.TarInfo(file.name)
            info.size = file.stat().st_size
            with open(file, 'rb') as stream:
                tar.addfile(info, stream)
    return lzma.compress(plain.getvalue(), preset=9)


def pack(source, target, most):
    files = sorted((file for file in source.iterdir() if file.is_file()),
                   key=lambda file: (file.stat().st_size, file.name))
    low, high = 0, len(files)
    while low < high:
        middle = (low + high + 1) // 2
        if len(packed_bytes(files[:middle])) <= most:
            low = middle
        else:
            high = middle - 1
    target.write_bytes(packed_bytes(files[:low]))
    print(f'{target.name}: {low} of {len(files)} inputs, {target.stat().st_size} bytes')


if __name__ == '__main__':
    if sys.argv[1:2] == ['unpack'] and len(sys.argv) == 5:
        unpack(*map(pathlib.Path, sys.argv[2:]))
    elif sys.argv[1:2] == ['pack'] and len(sys.argv) == 5:
        pack(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(__doc__)
