#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compile every public header alone: check.py INCLUDE_DIR C_COMPILER... -- [CXX_COMPILER...]

As strict C11 and C++17, with nothing defined and nothing included before. Output is TAP.
"""
import pathlib
import subprocess
import sys
import tempfile

FLAGS = ['-Wall', '-Wextra', '-Wundef', '-pedantic-errors', '-Werror', '-fsyntax-only']

# a test that can't fail is worth nothing: these must not compile
PLANTED = {'a missing include': 'uint32_t f(void);\n', 'no guard': 'struct s { int a; };\n'}


def errors(compiler, kind, header):
    """Of a file that includes the header twice, since it must also guard itself, and no more."""
    command = [*compiler, *FLAGS, '-std=c11' if kind == 'c' else '-std=c++17', '-x', kind,
               '-I', str(header.parents[1]), '-']
    source = f'#include "{header.parent.name}/{header.name}"\n' * 2
    run = subprocess.run(command, input=source, capture_output=True, text=True)
    return run.stderr or '?' if run.returncode else ''


def main(include_dir, *compilers):
    at = compilers.index('--')
    headers = sorted(pathlib.Path(include_dir).glob('mmuscope/*.h'))
    number, failed = 0, not headers
    with tempfile.TemporaryDirectory() as folder:
        cases = [(header, header.name, False) for header in headers]
        for at_planted, (what, text) in enumerate(PLANTED.items()):
            cases.append((pathlib.Path(folder) / f'{at_planted}.h', what, True))
            cases[-1][0].write_text(text)
        for kind, compiler in ('c', compilers[:at]), ('c++', compilers[at + 1:]):
            for header, what, planted in cases:
                number += 1
                if not compiler:
                    print(f'ok {number} - {what} in {kind} # SKIP no compiler')
                    continue
                trouble = errors(compiler, kind, header)
                good = bool(trouble) == planted
                failed |= not good
                print('ok' if good else 'not ok', number, '-', what, 'in', kind)
                if not good:
                    sys.stderr.write(trouble)
    print(f'1..{number}')
    return int(failed)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
