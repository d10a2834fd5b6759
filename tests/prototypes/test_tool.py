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
    assert f'\nppc64 {HASHED} HPTE 0x0000000001234001\n' in entry


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


def slots_image(slots):
    """The smallest hashed table, with some slots filled: {number: (first word, second word)}."""
    memory = bytearray(SLOTS * 16)
    for number, words in slots.items():
        struct.pack_into('>QQ', memory, number * 16, *words)
    return memory


def test_maps_hash_lists_the_slots_in_order(mmuscope, tmp_path):
    """A slot that a walk finds is listed with that address; one where hardware never looks, with none."""
    image, words = tmp_path / 'image', ['--ram', '0', *ARCH, '--pgd', '0', '--format', HASHED]
    image.write_bytes(slots_image({}))
    steps = json.loads(mmuscope('walk', image, *words, '--json', '0x10000000').stdout)['steps']
    primary, secondary = (steps[n]['index'] for n in (0, 1))
    # an entry of the other size of segments: found nowhere but where its own number leads
    vsid = 12538073 * (16 << 21 | 1) % (2**40 - 1)
    tag = vsid << (28 - 23 + 7)
    image.write_bytes(slots_image({primary + 3: (tag | 5, 0x41001192), 9: (tag | 5, 0x41001192),
                                   secondary + 1: (tag | 7, 0x42001197), 11: (1 << 63 | 1, 0)}))
    done = mmuscope('maps', '--hash', image, *words, '--json')
    rows = {row['slot']: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 0 and [*rows] == sorted({primary + 3, secondary + 1})
    row = rows[primary + 3]
    assert (row['first'], row['last']) == ('0x10000000', '0x1000ffff')
    assert (row['pa'], row['page_size'], row['rights']) == ('0x41000000', 65536, 'rwxXu')
    assert (row['owned'], row['regime']) == (True, 'HPT, below 1 TiB')
    assert rows[secondary + 1]['pa'] == '0x42000000' and 'H' in rows[secondary + 1]['flags']
    walk = json.loads(mmuscope('walk', image, *words, '--json', '0x10000123').stdout)
    assert walk['pa'] == '0x41000123' and walk['steps'][-1]['index'] == primary + 3
    text = mmuscope('maps', '--hash', image, *words).stdout
    assert 'hpt at 0x0, 16384 slots' in text and 'used            4 slots: 2 shown, 2 of' in text
    tsv = mmuscope('maps', '--hash', image, *words, '--tsv').stdout.splitlines()
    assert len(tsv) == 3 and tsv[0].startswith('slot\tslot_pa\t')


def test_maps_hash_of_what_is_walked_by_a_tree(mmuscope, tmp_path):
    (tmp_path / 'image').write_bytes(bytes(65536))
    done = mmuscope('maps', '--hash', tmp_path / 'image', '--ram', '0', *ARCH, '--pgd', '0',
                    '--format', 'radix')
    assert done.returncode == 3 and done.stdout == ''
    assert done.stderr.startswith('mmuscope: no hashed table: ')
    done = mmuscope('maps', '--hash', '--runs', tmp_path / 'image')
    assert done.returncode == 2 and '--hash shows the whole table' in done.stderr
