# SPDX-License-Identifier: LGPL-2.1-or-later
"""hold agrees with a right pagemap, and with no wrong one."""
import struct
import subprocess

import pytest

from conftest import from_environment

BASE = 0x40000000
PAGE, TABLE, USER = 0x0060000000000f43, 3, 1 << 6
PRESENT, SWAPPED = 1 << 63, 1 << 62

ROOTS = f"""
sample 4k-39        # three levels
regime 7 0 root={BASE:#x}
at 7 0x1234 0x50000234
"""
TRUTH = """@PAGESIZE 4096
@MAPS 7 8000-9000 rw-s 00000000 00:01 1   /dev/mem
@P 7 0 1 0000000000000000 0 kpf=0
@P 7 1000 2 8000000000050000 1 kpf=0
@P 7 3000 1 4000000000000043 0 kpf=0
@P 7 8000 1 0000000000000000 0 kpf=0
@P 9 8000 5 0000000000000000 0 kpf=0
"""


@pytest.fixture
def hold(tmp_path):
    words = {0: BASE + 0x1000 | TABLE, 0x1000: BASE + 0x2000 | TABLE,
             0x2008: 0x50000000 | PAGE, 0x2010: 0x50001000 | PAGE,
             0x2018: 2 << 12 | 3 << 6, 0x2040: 0x60000000 | PAGE}
    memory = bytearray(0x3000)
    for at, word in words.items():
        struct.pack_into('<Q', memory, at, word)
    header = struct.pack('<16sHHIQQQIHHHHHH', b'\x7fELF\x02\x01\x01', 4, 183, 1, 0, 64, 0, 0, 64,
                         56, 1, 0, 0, 0)
    load = struct.pack('<IIQQQQQQ', 1, 0, 0x1000, 0, BASE, len(memory), len(memory), 0)
    (tmp_path / 'image').write_bytes((header + load).ljust(0x1000, b'\0') + memory)

    def run(roots=ROOTS, truth=TRUTH, *pids):
        (tmp_path / 'roots').write_text(roots)
        (tmp_path / 'truth').write_text(truth)
        return subprocess.run([from_environment('MMUSCOPE_HOLD'), tmp_path / 'image', 'arm64',
                               tmp_path / 'roots', tmp_path / 'truth', *pids],
                              capture_output=True, text=True, timeout=60)
    return run


def test_the_right_truth(hold):
    done = hold()
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout == ('1 places and 2 present pages agree, 1 swapped, 1 holes; 0 differ; '
                           'pagemap is silent about 1; 5 pages of processes without roots\n')


@pytest.mark.parametrize('wrong, right', [
    ('8000000000050000 1', '8000000000050000 2'),  # another frame
    ('4000000000000043', '4000000000000063'),      # another place in the swap file
    ('4000000000000043', '8000000000000043'),      # present
    ('/dev/mem', '/dev/zero'),                     # then pagemap would not be silent
    ('@P 7 0 1', '@P 7 1000 1'),                   # no hole
])
def test_a_wrong_truth(hold, wrong, right):
    assert wrong in TRUTH
    done = hold(ROOTS, TRUTH.replace(wrong, right))
    assert done.returncode == 1
    assert ' 1 differ;' in done.stdout and done.stdout.startswith('differ: page pid 7 va ')


def test_a_wrong_place(hold):
    done = hold(ROOTS.replace('0x50000234', '0x50000235'))
    assert done.returncode == 1 and done.stdout.startswith('differ: place pid 7 va 0x1234')


def test_nothing_is_no_agreement(hold):
    assert hold(ROOTS, TRUTH, '7').returncode == 1
