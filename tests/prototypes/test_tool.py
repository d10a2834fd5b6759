# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tool with back-ends that no other test of it has: formats that share a space, hashed tables."""
import json
import pathlib
import struct

import pytest

from conftest import from_environment

SLOTS, GROUP = 1 << 14, 8
HASHED = 'hpt4k'


@pytest.fixture
def hash_like():
    """Options that find the back-end, which lies beside `hold`, or is run through it elsewhere."""
    folder = pathlib.Path(from_environment('MMUSCOPE_HOLD')).parent
    if not (folder / 'mmuscope-arch-hash_like.so').exists():
        pytest.skip('the prototypes are built for another machine')
    return '--plugin-dir', folder, '--arch', 'hash_like'


def test_arch_of_formats_that_share_a_space(mmuscope, hash_like):
    """One sample has Linux's tree and a hashed table: each format finds its own."""
    done = mmuscope('arch', 'hash_like', *hash_like[:2], '--json')
    formats = {f['name']: f for f in json.loads(done.stdout)['formats']}
    assert done.returncode == 0 and [*formats] == ['tree', 'hpt64k', HASHED]
    assert [level['name'] for level in formats['tree']['levels']] == ['PTE', 'PMD', 'PUD', 'PGD']
    assert [level['name'] for level in formats[HASHED]['levels']] == ['HPTE']
    assert '  format hpt4k: ' in mmuscope('arch', 'hash_like', *hash_like[:2]).stdout
    entry = mmuscope('entry', *hash_like, '--format', HASHED, '--second', '5192', '1234001').stdout
    assert entry.startswith(f'hash_like {HASHED} HPTE 0x0000000001234001\n')


def test_9_17_tables_of_a_hashed_format_are_the_groups(mmuscope, hash_like, tmp_path):
    """The table holds the pages of all spaces: of each step only the group that was looked into."""
    slot = struct.pack('>QQ', 0x1234 << 12 | 1, 0x5192)  # valid everywhere, of nobody's address
    (tmp_path / 'image').write_bytes(SLOTS * slot)
    words = ['walk', tmp_path / 'image', '--ram', '0', *hash_like, '--pgd', '0', '--format', HASHED,
             '--tables', '0x10000000']
    walk = json.loads(mmuscope(*words, '--json').stdout)
    assert walk['result'] == 'empty' and len(walk['steps']) == len(walk['tables']) == 6
    for step, table in zip(walk['steps'], walk['tables']):
        first = step['index']
        assert [e['index'] for e in table['entries']] == [*range(first, first + GROUP)]
    done = mmuscope(*words)
    assert done.returncode == 1 and '>' not in done.stdout
    assert done.stdout.count('4 KiB page at 0x5000') == 6 * GROUP
    for step in walk['steps']:
        assert f'  {step["index"] + GROUP - 1}  0x' in done.stdout
