# SPDX-License-Identifier: LGPL-2.1-or-later
"""mmuscope arch --conformance: our back-ends, and a stranger's (tests/support/stranger.c)."""
import json
import pathlib
import shutil

import pytest

from conftest import from_environment, sanitizers


def ours():
    return sorted(pathlib.Path(from_environment('MMUSCOPE_PLUGIN_PATH')).glob('*.so'))


def stranger(fault):
    return pathlib.Path(from_environment('MMUSCOPE_STRANGERS')) / f'stranger-{fault}.so'


def check(mmuscope, file):
    """Text and JSON say the same. @return (exit status, problems, standard error)"""
    text, lines = (mmuscope('arch', f'--conformance={file}', *more) for more in ([], ['--json']))
    assert (text.returncode, text.stderr) == (lines.returncode, lines.stderr)
    if text.returncode > 1:
        assert text.stdout == lines.stdout == ''
        return text.returncode, [], text.stderr
    said = json.loads(lines.stdout)
    assert list(said) == ['schema', 'file', 'problems', 'conforms', 'checks']
    assert said['file'] == str(file) and said['checks'] > 0
    assert said['conforms'] == (text.returncode == 0) == (said['problems'] == [])
    verdict = 'conforms' if said['conforms'] else 'does not conform'
    assert text.stdout.splitlines() == [*said['problems'],
                                        f'{file}: {verdict} ({said["checks"]} checks)']
    return text.returncode, said['problems'], text.stderr


def test_ours_conform(mmuscope):
    assert len(ours()) >= 3
    # with a sanitizer two: property-conformance goes through all of them
    for file in ours()[:2] if sanitizers() else ours():
        assert check(mmuscope, file) == (0, [], '')


def test_a_good_stranger_conforms_under_any_name(mmuscope, tmp_path):
    copy = tmp_path / 'any name'
    shutil.copy(stranger('none'), copy)
    assert check(mmuscope, copy) == (0, [], '')
    # an option that follows is the same
    assert mmuscope('arch', '--conformance', copy).returncode == 0


@pytest.mark.parametrize('fault, problem', [
    ('loses-a-bit', 'decode() gives back what encode() was told'),
    ('lies-about-rights', 'decode() gives back what encode() was told'),
    ('too-short', 'size covers the whole object'),
])
def test_faults_are_found(mmuscope, fault, problem):
    status, problems, errors = check(mmuscope, stranger(fault))
    assert (status, errors) == (1, '')
    assert any(line.endswith(': ' + problem) for line in problems), problems


@pytest.mark.parametrize('fault, error', [
    ('another-abi', 'speaks back-end ABI 3, this version speaks 2'),
    ('too-new', 'was built for a newer version of mmuscope'),
    ('no-symbol', 'has no symbol mmu_arch_plugin'),
    ('missing-function', 'undefined symbol: nowhere_to_be_found'),
])
def test_what_cannot_be_loaded(mmuscope, fault, error):
    status, _, errors = check(mmuscope, stranger(fault))
    assert status == 3
    assert error in errors and str(stranger(fault)) in errors
    assert len(errors.splitlines()) == 1


def test_no_back_end_at_all(mmuscope, tmp_path):
    text = tmp_path / 'text.so'
    text.write_text('no ELF')
    for file in [text, tmp_path, tmp_path / 'missing.so', ours()[0].name, '']:
        status, _, errors = check(mmuscope, file)
        assert status == 3 and errors.startswith('mmuscope: ')


def test_a_file_and_nothing_else(mmuscope):
    done = mmuscope('arch', 'any', '--conformance', ours()[0])
    assert done.returncode == 2
    assert 'takes a file and nothing else' in done.stderr


def test_a_kind_that_is_not_known_costs_one_format(mmuscope, tmp_path):
    shutil.copy(stranger('unknown-kind'), tmp_path / 'mmuscope-arch-stranger.so')
    image = tmp_path / 'image'
    image.write_bytes(b'\0\0\x0d' + bytes(4093))
    walk = ['walk', '--plugin-dir', tmp_path, '--arch', 'stranger', '--ram', '0', '--pgd', '0',
            image, '0x2004', '--brief']
    done = mmuscope(*walk, '--format', 'flat')
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.startswith('0x0000000000002004 mapped 0x6004')
    done = mmuscope(*walk, '--format', 'puzzle')
    assert (done.returncode, done.stdout) == (3, '')
    assert "format puzzle is of kind 77, which this version can't walk" in done.stderr
    listed = mmuscope('arch', 'stranger', '--plugin-dir', tmp_path)
    assert listed.returncode == 0 and 'format puzzle' in listed.stdout
    status, problems, _ = check(mmuscope, stranger('unknown-kind'))
    assert status == 1
    assert any(line.endswith('the kind is one that this core knows') for line in problems)
