#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Unpack an xz file: unpack.py SOURCE.xz TARGET. TARGET appears whole or not at all."""
import lzma
import os
import shutil
import sys
import tempfile


def unpack(source, target):
    folder = os.path.dirname(os.path.abspath(target))
    handle, partial = tempfile.mkstemp(prefix='.unpack-', dir=folder)
    try:
        with lzma.open(source) as packed, os.fdopen(handle, 'wb') as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
        os.chmod(partial, 0o644)
        os.replace(partial, target)
    except BaseException:
        os.unlink(partial)
        raise


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        unpack(sys.argv[1], sys.argv[2])
    except (OSError, EOFError, lzma.LZMAError) as error:
        sys.exit(f'{sys.argv[1]}: {error}')
