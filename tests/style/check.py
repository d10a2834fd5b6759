#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The house rules, checked: check.py [ROOT], or check.py --self-test.

Standard output is TAP, findings go to standard error. A check is a function that takes a tree and
yields (path, line, what). To add one, write it, put it into CHECKS, and plant what it must catch in
PLANTED.
"""
import fnmatch
import functools
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LAYERS = ['base', 'image', 'facts', 'walk', 'kernel', 'objects', 'analysis', 'api']
PLUGIN_INCLUDES = {'mmuscope/arch.h', 'assert.h', 'elf.h', 'inttypes.h', 'limits.h', 'stdbool.h',
                   'stddef.h', 'stdint.h', 'string.h'}
BINARIES = {'tests/fixtures/*.xz': 4 << 20, 'tests/fuzz/corpus/*': 64 << 10}
VERBATIM = ['COPYING', 'tests/fuzz/corpus/*',  # not written by hand
            *(f'tests/{d}/*.{e}' for d in ('golden', 'fixtures') for e in ('txt', 'json', 'jsonl'))]
FORMATTER = 'clang-format-14'
COLUMNS, FILE_LINES, PLUGIN_LINES, FUNCTION_LINES = 100, 700, 300, 60
MACHINES = re.compile(
    r'(?<![\w.})\]*$-])/(?:work|root)/|\b(?:deb|ftp|security|snapshot|archive)\.(?:debian|ubuntu)\.'
    r'(?:org|com)\b|\b(?:pypi|pythonhosted|npmjs|crates|rubygems)\.(?:org|io)\b|\bproxy\.golang\b')


class Tree:
    """Files of a source tree: what git knows or would take, or all of an unpacked tarball."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.names = sorted(name for name in self._list() if self._is_file(name))
        self._bytes = {}

    def _is_file(self, name):
        path = self.root / name
        return path.is_file() and not path.is_symlink()

    def _list(self):
        if (self.root / '.git').exists():
            command = ['git', '-c', f'safe.directory={self.root}', '-C', str(self.root), 'ls-files',
                       '-z', '--cached', '--others', '--exclude-standard']
            try:
                listed = subprocess.run(command, capture_output=True, check=True).stdout
                return {name.decode() for name in listed.split(b'\0') if name}
            except (OSError, subprocess.CalledProcessError):
                pass  # no git here: walk
        skip = re.compile(r'(^|/)(\.git|\.cache|__pycache__)(/|$)|^build[^/]*/')
        paths = (path.relative_to(self.root).as_posix() for path in self.root.rglob('*'))
        return {name for name in paths if not skip.search(name)}

    def bytes(self, name):
        if name not in self._bytes:
            with open(self.root / name, 'rb') as file:
                self._bytes[name] = file.read(8 << 20)
        return self._bytes[name]

    def c_files(self):
        return [name for name in self.names if name.endswith(('.c', '.h'))]

    def text(self, names=None):
        """(name, line number, line) of every line of the text files, newlines kept."""
        for name in self.names if names is None else names:
            if b'\0' not in self.bytes(name):
                text = self.bytes(name).decode(errors='replace')
                for number, line in enumerate(text.split('\n'), 1):
                    yield name, number, line


def matches(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def layer_violation(name, include, quoted):
    """What is wrong with `name` including `include`, or None."""
    parts, folder = name.split('/'), include.rpartition('/')[0]
    if parts[0] == 'plugins':
        good = include in PLUGIN_INCLUDES or (quoted and not folder)  # its own folder
        return None if good else 'a plugin sees only mmuscope/arch.h, its own folder and libc'
    if '..' in include.split('/'):
        return 'an include does not climb'
    ours = quoted or include.startswith('mmuscope/') or folder in LAYERS
    if not ours or parts[0] not in ('src', 'include') or (parts[0] == 'src' and not folder):
        return None
    if parts[0] == 'include':
        return None if folder == 'mmuscope' else 'a public header sees only include/'
    if parts[1] == 'tool':
        good = include == 'mmuscope/mmuscope.h' or folder == 'tool'
        return None if good else 'the tool sees only mmuscope/mmuscope.h'
    if folder == 'mmuscope':
        return None
    lower = LAYERS[:LAYERS.index(parts[1]) + 1] if parts[1] in LAYERS else []
    if len(parts) == 2:
        lower = LAYERS  # a file right in src joins the layers to a library
    return None if folder in lower else f'src/{parts[1]} must not see {folder}/'


def check_layers(tree):
    pattern = re.compile(r'\s*#\s*include\s*(["<])([^">]+)')
    for name, number, line in tree.text(tree.c_files()):
        found = pattern.match(line)
        what = found and layer_violation(name, found[2], found[1] == '"')
        if what:
            yield name, number, f'{what}: "{found[2]}"'


def check_openings(tree):
    for name in tree.c_files():
        lines = tree.bytes(name).decode(errors='replace').split('\n')
        if lines[0] != '/* SPDX-License-Identifier: LGPL-2.1-or-later */':
            yield name, 1, 'the first line is not /* SPDX-License-Identifier: LGPL-2.1-or-later */'
        if not any('@file' in line for line in lines[1:4]):
            yield name, 2, 'no sentence with @file under the SPDX line'


@functools.cache
def formatter():
    """The one clang-format whose layout this tree has, or None: each version finds other places."""
    for name in (FORMATTER, FORMATTER.rpartition('-')[0]):
        path = shutil.which(name)
        said = path and subprocess.run([path, '--version'], capture_output=True, text=True).stdout
        if said and f'version {FORMATTER.rpartition("-")[2]}.' in said:
            return path
    return None


def check_format(tree):
    names = tree.c_files()
    if not names:
        return
    command = [formatter(), '--style=file', '--dry-run', '-Werror', '--', *names]
    run = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
    seen = set()
    for name, number in re.findall(r'^(.+?):(\d+):\d+: error: code should be', run.stderr, re.M):
        if name not in seen:
            seen.add(name)
            yield name, int(number), 'not as clang-format would have it (first place in this file)'
    if run.returncode and not seen:
        yield '.clang-format', 1, run.stderr.strip().split('\n')[0]


def check_binaries(tree):
    for name in tree.names:
        limits = [limit for pattern, limit in BINARIES.items() if fnmatch.fnmatch(name, pattern)]
        size = (tree.root / name).stat().st_size
        if limits and size >= limits[0]:
            yield name, 1, f'{size} bytes, must be below {limits[0]}'
        elif not limits and b'\0' in tree.bytes(name):
            yield name, 1, 'a binary file, and not on the list of those'


def check_machines(tree):
    for name, number, line in tree.text():
        found = not matches(name, VERBATIM) and MACHINES.search(line)
        if found:
            yield name, number, f'speaks of one machine or registry: {found[0]}'


def check_whitespace(tree):
    for name, number, line in tree.text(n for n in tree.names if not matches(n, VERBATIM)):
        if line != line.rstrip():
            yield name, number, 'white space at the end of the line'
        if name.endswith(('.c', '.h')):
            if len(line.expandtabs(8)) > COLUMNS:
                yield name, number, f'{len(line.expandtabs(8))} columns, at most {COLUMNS}'
            if re.match(r'\t* {8}', line):
                yield name, number, 'eight spaces where a tab belongs'
        elif '\t' in line and name.endswith(('.py', 'meson.build', '.md', '.sh', 'dev', 'run')):
            yield name, number, 'a tab'
    for name in tree.names:
        data = tree.bytes(name)
        if data and b'\0' not in data and data[-1:] != b'\n' and not matches(name, VERBATIM):
            yield name, data.count(b'\n') + 1, 'no newline at the end of the file'


def smells(tree):
    """Not laws: these warn."""
    for name in tree.names:
        count = tree.bytes(name).count(b'\n')
        limit = PLUGIN_LINES if fnmatch.fnmatch(name, 'plugins/*/*.c') else FILE_LINES
        if name.endswith(('.c', '.h', '.py')) and count > limit:
            yield name, limit + 1, f'a long file: {count} lines'
    start = 0
    for name, number, line in tree.text(tree.c_files()):
        if line == '{':
            start = number
        elif line == '}' and start:
            if number - start + 1 > FUNCTION_LINES:
                yield name, start, f'a long function: {number - start + 1} lines'
            start = 0


CHECKS = [('layers', check_layers), ('openings', check_openings), ('clang-format', check_format),
          ('binaries', check_binaries), ('machines', check_machines),
          ('whitespace', check_whitespace)]


def skipped(name):
    if name == 'clang-format' and not formatter():
        print(f'{FORMATTER} is missing: the layout of C files is not checked', file=sys.stderr)
        return True
    return False


def check(root):
    tree, failed = Tree(root), False
    if not tree.c_files():
        sys.exit(f'{tree.root}: no C files to check')
    for finding in smells(tree):
        print('# warning: {}:{}: {}'.format(*finding))
    for number, (name, function) in enumerate(CHECKS, 1):
        if skipped(name):
            print(f'ok {number} - {name} # SKIP {FORMATTER} is missing')
            continue
        found = list(function(tree))
        for finding in found:
            print('{}:{}: {}'.format(*finding), file=sys.stderr)
        print('not ok' if found else 'ok', number, '-', name)
        failed |= bool(found)
    print(f'1..{len(CHECKS)}')
    return int(failed)


# --------------------------------------------------------------------------------- self-test

TOP = '/* SPDX-License-Identifier: LGPL-2.1-or-later */\n/** @file A file. */\n'

# all of this is as it should be
CLEAN = {
    'src/base/a.h': TOP, 'src/walk/a.c': TOP + '#include <stdio.h>\n\n#include "base/a.h"\n',
    'src/api/a.c': TOP + '#include "objects/a.h"\n', 'src/walk/b.c': TOP + '#include "a.h"\n',
    'src/tool/a.c': TOP + '#include "mmuscope/mmuscope.h"\n#include "tool/text.h"\n',
    'src/image/kdump.c': TOP + '#include <libkdumpfile/kdumpfile.h>\n',
    'plugins/x/x.c': TOP + '#include <stdint.h>\n\n#include "mmuscope/arch.h"\n',
    'tests/unit/a.c': TOP + '#include "walk/a.h"\n', 'tests/fixtures/a.xz': b'\0',
    'README.md': 'See src/' + 'root/ and $dir/work/' + 'a.\n',
}

# check, path, content, line where it must be found
PLANTED = [
    (check_layers, 'src/base/p.c', TOP + '#include "image/a.h"\n', 3),
    (check_layers, 'src/facts/p.c', TOP + '\n#include <walk/a.h>\n', 4),
    (check_layers, 'src/walk/p.c', TOP + '#include "../base/a.h"\n', 3),
    (check_layers, 'src/analysis/p.h', TOP + '# include "tool/a.h"\n', 3),
    (check_layers, 'src/kernel/p.h', TOP + '#include "objects/a.h"\n', 3),
    (check_layers, 'src/analysis/p.c', TOP + '#include "api/a.h"\n', 3),
    (check_layers, 'src/unknown/p.c', TOP + '#include "base/a.h"\n', 3),
    (check_layers, 'src/tool/p.c', TOP + '#include "base/a.h"\n', 3),
    (check_layers, 'src/tool/p.c', TOP + '#include "mmuscope/arch.h"\n', 3),
    (check_layers, 'include/mmuscope/p.h', TOP + '#include "base/a.h"\n', 3),
    (check_layers, 'plugins/x/p.c', TOP + '#include "mmuscope/mmuscope.h"\n', 3),
    (check_layers, 'plugins/x/p.c', TOP + '#include <stdio.h>\n', 3),
    (check_openings, 'src/base/p.c', '/* Free. */\n/** @file A file. */\n', 1),
    (check_openings, 'tests/unit/p.h', TOP.split('\n', maxsplit=1)[0] + '\n', 2),
    (check_format, 'src/base/p.c', TOP + 'int  a;\n', 3),
    (check_binaries, 'src/base/p', b'text\n\0', 1),
    (check_binaries, 'tests/fixtures/p.xz', b'\0' * (4 << 20), 1),
    (check_binaries, 'tests/fuzz/corpus/a/p', b'a' * (64 << 10), 1),
    (check_machines, 'README.md', 'Fine.\nSee /' + 'work/shared.\n', 2),
    (check_machines, 'src/base/p.c', TOP + '/* "/' + 'root/x" */\n', 3),
    (check_machines, 'dev', 'http://deb.' + 'debian.org/\n', 1),
    (check_whitespace, 'README.md', 'a\nb \n', 2),
    (check_whitespace, 'src/base/p.h', TOP + '/*' + ' *' * 50 + '/\n', 3),
    (check_whitespace, 'src/base/p.h', TOP + 'int f(void)\n{\n        return 1;\n}\n', 5),
    (check_whitespace, 'tests/p.py', 'if 1:\n\tpass\n', 2),
    (check_whitespace, 'README.md', 'a\nb', 2),
    (smells, 'src/base/p.c', TOP + '\n' * 700, 701),
    (smells, 'plugins/x/p.c', TOP + '\n' * 300, 301),
    (smells, 'src/base/p.c', TOP + 'int f(void)\n{\n' + '\n' * 60 + '}\n', 4),
]


def plant(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def self_test():
    cases = [(function, CLEAN, None) for _, function in CHECKS + [('smells', smells)]]
    cases += [(function, {**CLEAN, path: content}, (path, line))
              for function, path, content, line in PLANTED]
    own = pathlib.Path(__file__).resolve().parents[2] / '.clang-format'
    failed = False
    print(f'1..{len(cases)}')
    for number, (function, files, wanted) in enumerate(cases, 1):
        what = f'{function.__name__}: ' + ('{}:{}'.format(*wanted) if wanted else 'a clean tree')
        if function is check_format and skipped('clang-format'):
            print(f'ok {number} - {what} # SKIP {FORMATTER} is missing')
            continue
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            plant(root, {**files, '.clang-format': own.read_bytes()})
            found = [finding[:2] for finding in function(Tree(root))]
        good = found == ([wanted] if wanted else [])
        failed |= not good
        print('ok' if good else 'not ok', number, '-', what)
        if not good:
            print(f'# found {found}')
    return int(failed)


if __name__ == '__main__':
    if sys.argv[1:] == ['--self-test']:
        sys.exit(self_test())
    sys.exit(check(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]))
