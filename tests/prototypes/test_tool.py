# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tool and formats that share a space: hashed tables."""
import json
import struct

SLOTS, GROUP, GROUPS = 1 << 14, 8, 6  # an address in a segment of 256 MiB
HASHED = 'hpt'
ARCH = '--arch', 'ppc64'


def test_arch_of_formats_that_share_a_space(mmuscope):
    """One sample has Linux's tree and a hashed table: each format finds its own."""
    done = mmuscope('arch', 'ppc64', '--json')
    formats = {f['name']: f for f in json.loads(done.stdout)['formats']}
    assert done.returncode == 0 and [*formats] == ['radix', 'tree64k', 'tree4k', HASHED]
    assert [level['name'] for level in formats['tree64k']['levels']] == ['PTE', 'PMD', 'PUD', 'PGD']
    assert [level['name'] for level in formats[HASHED]['levels']] == ['HPTE']
    assert '  format hpt: ' in mmuscope('arch', 'ppc64').stdout
    entry = mmuscope('entry', *ARCH, '--format', HASHED, '--second', '5192', '1234001').stdout
    assert entry.startswith(f'ppc64 {HASHED} HPTE 0x0000000001234001\n')


def test_9_17_tables_of_a_hashed_format_are_the_groups(mmuscope, tmp_path):
    """The table holds the pages of all spaces: of each step only the group that was looked into."""
    slot = struct.pack('>QQ', 0x1234 << 12 | 1, 0x5192)  # valid everywhere, of nobody's address
    (tmp_path / 'image').write_bytes(SLOTS * slot)
    words = ['walk', tmp_path / 'image', '--ram', '0', *ARCH, '--pgd', '0', '--format', HASHED,
             '--tables', '0x10000000']
    walk = json.loads(mmuscope(*words, '--json').stdout)
    assert walk['result'] == 'empty' and len(walk['steps']) == len(walk['tables']) == GROUPS
    for step, table in zip(walk['steps'], walk['tables']):
        first = step['index']
        assert [e['index'] for e in table['entries']] == [*range(first, first + GROUP)]
    done = mmuscope(*words)
    assert done.returncode == 1 and '>' not in done.stdout
    assert done.stdout.count('4 KiB page at 0x5000') == GROUPS * GROUP
    for step in walk['steps']:
        assert f'  {step["index"] + GROUP - 1}  0x' in done.stdout
