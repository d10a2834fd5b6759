# SPDX-License-Identifier: LGPL-2.1-or-later
"""README, man page, completion, --help and code say the same, and the examples are real.

Run as a program, with MMUSCOPE and MMUSCOPE_FIXTURES set, it writes the examples' output anew.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / 'README.md'
MAN = ROOT / 'src/tool/mmuscope.1'
COMPLETION = ROOT / 'src/tool/completion.bash'
GLOBAL, SPACE = 'OPTIONS OF EVERY COMMAND', 'WHOSE TABLES'

# what examples call them, and what they are
FILES = {'vmcore': 'x86_64.vmcore', 'vmlinux': 'x86_64.vmlinux'}


def code(name):
    return (ROOT / name).read_text()


# ------------------------------------------------------------------------------- the man page

def plain(text):
    """mdoc text without its escapes."""
    for escape, meant in (('\\&', ''), ('\\-', '-'), ('\\(dq', '"'), ('\\e', '\\')):
        text = text.replace(escape, meant)
    return text


def sections():
    """{(section, subsection or ''): its lines}"""
    found, at = {}, ('', '')
    for line in MAN.read_text().splitlines():
        if line.startswith('.Sh '):
            at = (line[4:], '')
        elif line.startswith('.Ss '):
            at = (at[0], line[4:])
        else:
            found.setdefault(at, []).append(line)
    return found


def items(section, macro, subsection=''):
    """First words of the list items that begin with a macro."""
    lines = sections()[section, subsection]
    return [plain(line.split()[2]) for line in lines if line.startswith(f'.It {macro} ')]


def man_options(section, subsection=''):
    """{'--long': (short or None, argument or None)} of the option items there."""
    found = {}
    for line in sections().get((section, subsection), []):
        if not line.startswith('.It Fl '):
            continue
        flags = [plain(flag) for flag in re.findall(r'Fl (\S+)', line)]
        argument = re.search(r'Ar (\S+)$', line)
        short = f'-{flags[0]}' if len(flags) == 2 else None
        found[f'-{flags[-1]}'] = (short, argument and plain(argument[1]))
    return found


def man_commands():
    return [command for section, command in sections() if section == 'COMMANDS' and command]


def man_json():
    """{schema: its documented paths}"""
    return {subsection: items('JSON', 'Va', subsection)
            for section, subsection in sections() if section == 'JSON' and subsection}


# ------------------------------------------------------------------------------------- --help

def help_of(mmuscope, *words):
    done = mmuscope(*words, '--help')
    assert done.returncode == 0
    return done.stdout


def help_options(text):
    found = {}
    for short, name, argument in re.findall(r'^ +(?:(-\S), )?(--[a-z-]+)(?:=(\S+))?', text, re.M):
        found[name] = (short or None, argument or None)
    return found


def help_commands(mmuscope):
    listed = help_of(mmuscope).partition('Commands:\n')[2].partition('\n\n')[0]
    return [line.split()[0] for line in listed.splitlines()]


def readme_table(heading):
    """First cells of the rows of the table with this heading, without backquotes."""
    rows = README.read_text().partition(f'\n| {heading} |')[2].partition('\n\n')[0].splitlines()[2:]
    return [row.split('|')[1].strip().strip('`') for row in rows]


def test_commands(mmuscope):
    commands = help_commands(mmuscope)
    assert commands
    assert readme_table('command') == commands
    assert man_commands() == commands


def test_global_options(mmuscope):
    assert help_options(help_of(mmuscope)) == man_options(GLOBAL)


def test_command_options(mmuscope):
    for command in help_commands(mmuscope):
        wanted = {**man_options(GLOBAL), **man_options('COMMANDS', command)}
        if f'.Sx {SPACE} .' in sections()['COMMANDS', command]:
            wanted.update(man_options(SPACE))
        assert help_options(help_of(mmuscope, command)) == wanted, command


def test_space_option_list():
    """The sentence that names them, and the list."""
    named = re.findall(r'-[a-z]+', sections()[SPACE, ''][1])
    assert {f'-{name}' for name in named} == set(man_options(SPACE)) - {'--format', '--user-half'}


def test_exit_statuses(mmuscope):
    told = help_of(mmuscope).partition('Exit status:\n')[2]
    statuses = [line.split()[0] for line in told.splitlines()]
    enum = code('src/tool/tool.h').partition('enum tool_status {')[2].partition('}')[0]
    assert statuses == re.findall(r'= (\d)', enum)
    assert [line.split()[1] for line in sections()['EXIT STATUS', '']
            if line.startswith('.It ')] == statuses
    assert readme_table('exit status') == statuses


def test_help_fits_a_terminal(mmuscope):
    for words in [[], *([command] for command in help_commands(mmuscope))]:
        assert max(map(len, help_of(mmuscope, *words).splitlines())) < 80


# -------------------------------------------------------------------------------------- words

def names_in(function):
    body = code('src/walk/text.c').partition(f'{function}(')[2].partition('};')[0]
    return re.findall(r'"([a-z-]+)"', body)


def test_results():
    words = names_in('mmu_result_name')
    enum = code('include/mmuscope/base.h').partition('enum mmu_result {')[2].partition('}')[0]
    assert words == [name.lower().replace('_', '-')
                     for name in re.findall(r'MMU_RESULT_(\w+)', enum)]
    words.remove('table')  # of an entry, never of a walk
    assert items('RESULTS', 'Sy') == words
    assert readme_table('result') == words


def test_page_states():
    text = '\n'.join(sections()['JSON', 'mmuscope.walk/1']).partition('.It Va page_state\n')[2]
    listed = re.search(r'^\.Li (.*) \.$', text, re.M)[1].split(' , ')
    assert listed == names_in('mmu_page_state_name')


def test_rights():
    letters = re.search(r'letters\[\] = "(\w+)"', code('src/walk/text.c'))[1]
    assert ''.join(items('RIGHTS', 'Sy')) == letters


def test_types():
    types = set(re.findall(r'"([usx]\d+)"', code('src/tool/value.c'))) | {'int'}
    listed = [line for line in sections()['TYPES', ''] if line.startswith('.Li ')]
    assert set(re.findall(r'\b[usx]\d+|int', ' '.join(listed))) == types
    offered = re.search(r'=TYPE\) _mmuscope_words "([^"]+)"', COMPLETION.read_text())[1]
    assert set(offered.split()) == types


def test_environment():
    read = set(re.findall(r'getenv\("(\w+)"\)', ''.join(
        path.read_text() for path in ROOT.glob('src/*/*.c'))))
    assert set(items('ENVIRONMENT', 'Ev')) == read


# --------------------------------------------------------------------------------------- JSON

def test_json_schemas():
    begun = re.findall(r'json_begin\("(\w+)"\)', ''.join(
        path.read_text() for path in ROOT.glob('src/tool/*.c')))
    assert set(man_json()) == {f'mmuscope.{thing}/1' for thing in begun}


def test_json_keys_of_the_code(mmuscope, image):
    """Both ways: every key that the code can write is told, and no other."""
    calls = r'\b(?!json_begin)(?:json_\w+|\w+_json)\("(\w+)"'
    written = set(re.findall(calls, ''.join(p.read_text() for p in ROOT.glob('src/tool/*.c'))))
    # the library names the figures of smaps
    written |= set(json.loads(mmuscope('maps', *image, '--pid', 109, '--smaps', '--json')
                              .stdout.splitlines()[0]))
    told = {name for paths in man_json().values() for path in paths
            for name in path.replace('[]', '').split('.')}
    assert told | {'schema'} == written


def paths(value, path=''):
    """(path, of what) of everything in a JSON object, as the man page writes paths."""
    for key, inner in value.items():
        here = f'{path}.{key}' if path else key
        if isinstance(inner, dict) and inner and key != 'denied_by':
            yield from paths(inner, here)
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            for element in inner:
                yield from paths(element, f'{here}[]')
        else:
            yield here


def undocumented(line):
    told = set(man_json()[line['schema']])
    if 'sides[].steps[]' in told:
        told.update(f'sides[].{path}' for path in man_json()['mmuscope.walk/1'])
    same = [('tables[].entries[].', 'steps[].'), ('hardware.steps[].', 'steps[].'),
            ('formats[].second_flags[].', 'formats[].flags[].')]
    for path in set(paths(line)) - {'schema'}:
        for copy, original in same:
            path = path.replace(copy, original)
        # of an empty array only the name is there to see
        if path not in told and not any(t.startswith(f'{path}[]') for t in told):
            yield path


def check_json(mmuscope, *words):
    done = mmuscope('--json', *words)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines, done.stderr
    for line in lines:
        assert next(iter(line)) == 'schema'
        assert list(undocumented(line)) == [], words


def test_json_keys_without_an_image(mmuscope):
    check_json(mmuscope, 'arch')
    check_json(mmuscope, 'arch', 'x86_64', '4level')
    check_json(mmuscope, 'entry', '0', '0x8000000025b17067', '0x07fffffffffffc02',
               '0x000fffffc170c960', '0xffffffffffffffff')
    for line in mmuscope('arch', '--json').stdout.splitlines():
        arch = json.loads(line)
        for shape in arch['formats']:
            wide = ['0x25b17067', '0x4800875f', '0x400008e5'] if shape['entry_bytes'] > 1 else []
            for level in shape['levels']:
                check_json(mmuscope, 'entry', '--arch', arch['name'], '--format', shape['name'],
                           '--level', level['name'], '0', '0x0d', *wide)


@pytest.fixture
def image(fixture_dir):
    """The words that every command on the fixture takes."""
    for name in FILES.values():
        if not (fixture_dir / name).exists():
            pytest.skip(f'{name} is missing')
    return [fixture_dir / FILES['vmcore'], '-s', fixture_dir / FILES['vmlinux']]


def test_json_keys_of_an_image(mmuscope, image):
    there, swapped = '0x7faceb40448c', '0x7faceb2d3000'
    check_json(mmuscope, 'info', *image, '--confinement')
    check_json(mmuscope, 'ps', '--threads', *image)
    check_json(mmuscope, 'maps', *image, '--pid', 109, '--proc')
    check_json(mmuscope, 'maps', *image, '--pid', 109, '--smaps')
    check_json(mmuscope, 'walk', *image, '--kernel', 'init_task')
    check_json(mmuscope, 'walk', *image, '--pid', 109, there, swapped, 0, 1 << 63)
    check_json(mmuscope, 'walk', *image, '--pid', 109, '--tables', '--value', 'int', there)
    check_json(mmuscope, 'walk', *image, '--pid', '109,121', '--slots=va', '--value', 'int',
               f'{there} a label', swapped)
    check_json(mmuscope, 'walk', *image, '--pid', 109, f'{swapped}-{there}')
    for sides in [[there, '--with', swapped], ['--with', '-p', 121]]:
        check_json(mmuscope, 'compare', *image, '--pid', 109, *sides)
    check_json(mmuscope, 'tables', *image, '--pid', 109)
    check_json(mmuscope, 'stat', *image, '--all', '--tlb', '64')
    check_json(mmuscope, 'stat', *image, '--pid', 109, '--with', '--kernel')
    with tempfile.TemporaryDirectory() as folder:
        check_json(mmuscope, 'extract', image[0], f'{folder}/small', *image[1:])
    for how in [[], ['--string'], ['--value', 'x32']]:
        check_json(mmuscope, 'read', *image, '--pid', 109, there, *how)
    check_json(mmuscope, 'read', *image, '--physical', '1000')


# --------------------------------------------------------------------------------- completion

def complete(*words):
    """What bash offers for the last word."""
    if not shutil.which('bash'):
        pytest.skip('bash is missing')
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              '_mmuscope "$1" "${COMP_WORDS[-1]}" ""; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(['bash', '-uc', script, 'bash', COMPLETION, os.environ['MMUSCOPE'],
                           *words], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, '')
    return done.stdout.split()


def test_completion_of_commands(mmuscope):
    assert complete('') == help_commands(mmuscope)
    assert complete('--json', '-s', 'walk', 'wa') == ['walk']
    assert complete('--symbols', '=', 'vmlinux', 'wa') == ['walk']


def test_completion_of_options(mmuscope):
    for words in [[], *([command] for command in help_commands(mmuscope))]:
        wanted = {name + ('=' if argument else '')
                  for name, (_, argument) in help_options(help_of(mmuscope, *words)).items()}
        assert set(complete(*words, '--')) == wanted, words


def test_completion_of_values():
    assert 's32' in complete('walk', '--value', '=', 's')
    assert complete('walk', '--value', 'in') == ['int']
    assert 'x86_64' in complete('--arch', '=')
    assert complete('arch', 'x86_64', '') == ['4level', '5level']
    assert complete('entry', '--format', '5') == ['5level']
    assert 'PMD' in complete('entry', '-l', 'PM')
    assert {'l1tf', 'no-l1tf'} <= set(complete('entry', '--trait', ''))
    assert complete('walk', '--pid', '') == []
    assert complete('walk', '--slots', '=', '') == ['va']


def test_completion_of_files(mmuscope):
    name = str(README)
    for command in help_commands(mmuscope):
        for option, (short, kind) in help_options(help_of(mmuscope, command)).items():
            if kind == 'FILE':
                assert complete(command, option, '=', name[:-2]) == [name]
                assert not short or complete(command, short, name[:-2]) == [name]
            elif kind == 'DIR':
                assert complete(command, option, '=', str(ROOT / 'sr')) == [str(ROOT / 'src')]
    assert complete('-s', name[:-2]) == complete('info', name[:-2]) == [name]
    assert complete('walk', '-p', '1', name[:-2]) == [name]
    assert complete('walk', 'vmcore', name[:-2]) == []
    assert complete('extract', 'vmcore', name[:-2]) == [name]
    assert complete('extract', 'vmcore', 'small', name[:-2]) == []


# ----------------------------------------------------------------------------------- examples

def blocks(path):
    """(first line's number, lines) of every block of literal text."""
    begin, end = ('.Bd -literal', '.Ed') if path == MAN else ('```', '```')
    inside = None
    for number, line in enumerate(path.read_text().splitlines()):
        if inside is not None and line.startswith(end):
            yield inside
            inside = None
        elif inside is not None:
            inside[1].append(plain(line) if path == MAN else line)
        elif line.startswith(begin):
            inside = (number + 1, [])


def examples(path):
    """(number of the command's line, command, lines of output)"""
    for first, lines in blocks(path):
        found = None
        for number, line in enumerate(lines, first):
            if line.startswith('$ '):
                if found:
                    yield found
                found = (number, line[2:], [])
            elif found:
                found[2].append(line)
        if found:
            yield found


EXAMPLES = [pytest.param(command, output, id=f'{path.name}:{number + 1}')
            for path in (README, MAN) for number, command, output in examples(path)
            if command.startswith('mmuscope ')]


def run_example(command, fixture_dir):
    """Output of a command, in a folder where the files have the names that the example uses."""
    with tempfile.TemporaryDirectory() as folder:
        for name, real in FILES.items():
            (pathlib.Path(folder) / name).symlink_to(pathlib.Path(fixture_dir) / real)
        done = subprocess.run([os.environ['MMUSCOPE'], *shlex.split(command)[1:]], cwd=folder,
                              capture_output=True, text=True, timeout=60,
                              env={**os.environ, 'NO_COLOR': '1'})
    return (done.stdout + done.stderr).splitlines(), done.returncode


def matches(wanted, got):
    """Are they equal? A line "..." stands for any number of lines."""
    if not wanted:
        return not got
    if wanted[0] == '...':
        return any(matches(wanted[1:], got[at:]) for at in range(len(got) + 1))
    return bool(got) and wanted[0] == got[0] and matches(wanted[1:], got[1:])


def test_matching_can_fail():
    assert matches(['a', '...', 'c'], ['a', 'b', 'b', 'c']) and matches(['...'], [])
    assert not matches(['a'], ['b']) and not matches(['a'], []) and not matches([], ['a'])
    assert not matches(['a', '...', 'c'], ['a', 'b'])


def test_there_are_examples():
    assert {p.id.partition(':')[0] for p in EXAMPLES} == {'README.md', 'mmuscope.1'}


@pytest.mark.parametrize('command, output', EXAMPLES)
def test_example(command, output, fixture_dir, request):
    if 'vmcore' in command:
        request.getfixturevalue('image')
    got, status = run_example(command, fixture_dir)
    assert status in (0, 1), got
    assert matches(output, got), '\n'.join(got)


# -------------------------------------------------------------------------------- for readers

def readme_section(heading):
    """(number of its last line, text)"""
    before, _, after = README.read_text().partition(f'\n## {heading}\n')
    text = after.partition('\n## ')[0]
    return before.count('\n') + 2 + text.count('\n'), text


def install_packages():
    """{distribution: packages} of the README's install commands."""
    lines = re.sub(r' \\\n +', ' ', readme_section('Install')[1])
    found = re.findall(r'^    # (\w+).*\n    sudo (?:apt install|dnf install|pacman -S --needed) (.*)$',
                       lines, re.M)
    return {distribution: packages.split() for distribution, packages in found}


def test_install_comes_early():
    last, text = readme_section('Install')
    assert last < 60
    assert 'meson install' in text and '--prefix' in text


def test_install_names_every_dependency():
    """Of each distribution; Debian's names are those that ./dev knows."""
    wanted = set(re.findall(r'^dep_(\w+) =', code('meson.build'), re.M)) - {'dl'}
    packages = install_packages()
    assert list(packages) == ['Debian', 'Fedora', 'Arch'] and 'yajl' in wanted
    for distribution, names in packages.items():
        for what in wanted | {'meson', 'gcc'}:
            assert [name for name in names if what in name], (distribution, what)
    known = re.search(r'^packages=\((.*?)^\)', code('dev'), re.M | re.S)[1].split()
    assert set(packages['Debian']) <= set(known)


@pytest.mark.parametrize('name', ['README.md', 'src/README.md', 'bench/README.md'])
def test_paths_exist(name):
    """What looks like a path of the tree is one."""
    named = re.findall(r'`((?:src|include|plugins|tests|bench|examples)/[^` ]*)`', code(name))
    assert named
    for path in named:
        assert list(ROOT.glob(path.rstrip('/'))), path


def test_files_of_the_map_exist():
    """It names them as FOLDER/FILE.c, below src/."""
    named = re.findall(r'`(\w+/\w+\.[ch])`', code('src/README.md'))
    assert named
    for path in named:
        assert (ROOT / 'src' / path).exists(), path


def test_every_layer_has_its_place_in_the_map():
    folders = {path.parent.name for path in ROOT.glob('src/*/*.c')}
    assert folders - {'tool'} <= set(re.findall(r'`(\w+)/`', code('src/README.md')))


def test_readme_fits_a_terminal():
    """Prose does; tables and what the tool prints are as wide as they are."""
    inside = False
    for line in README.read_text().splitlines():
        inside ^= line.startswith('```')
        assert inside or len(line) <= 80 or line.startswith('|'), line


def test_man_page_is_sound():
    if not shutil.which('mandoc'):
        pytest.skip('mandoc is missing')
    done = subprocess.run(['mandoc', '-Tlint', '-Wwarning', MAN], capture_output=True, text=True)
    assert done.stdout == '' and done.returncode == 0


# ------------------------------------------------------------------------- writing them anew

def write_examples(path):
    lines = path.read_text().splitlines()
    for number, command, output in reversed(list(examples(path))):
        if not command.startswith('mmuscope '):
            continue
        got, _ = run_example(command, os.environ['MMUSCOPE_FIXTURES'])
        if not matches(output, got):
            if path == MAN:
                got = [re.sub(r"^([.'])", r'\\&\1', line.replace('\\', '\\e').replace('-', '\\-'))
                       for line in got]
            lines[number + 1:number + 1 + len(output)] = got
            print(f'{path.name}:{number + 1}: {command}')
    path.write_text('\n'.join(lines) + '\n')


if __name__ == '__main__':
    for one in README, MAN:
        write_examples(one)
    sys.exit()
