# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library does not speak of the tool's options: src/tool/advice.c does. TAP."""
import pathlib
import re
import sys

FOLDERS = 'src/base', 'src/image', 'src/facts', 'src/walk', 'src/kernel', 'src/objects', \
    'src/analysis', 'src/api', 'plugins'
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
OPTION = re.compile(r'(?:^|[ (;:`])(--[a-z][a-z-]*|-[sS])(?![a-z0-9-])')

# Options of other programs, which are true for every client.
ALLOWED = {'--decompress-debug-sections'}


def options(text):
    return {option for literal in LITERAL.findall(text) for option in OPTION.findall(literal)
            if option not in ALLOWED}


def main():
    root = pathlib.Path(sys.argv[1])
    assert options('f("name it with --arch, or -s")') == {'--arch', '-s'}
    assert not options('f("xz -dc", "pid -- %s")')
    problems = [f'{path.relative_to(root)} names {", ".join(sorted(found))}'
                for folder in FOLDERS for path in sorted((root / folder).rglob('*.c'))
                if (found := options(path.read_text()))]
    print('1..1')
    for problem in problems:
        print(f'# {problem}')
    print(f'{"not ok" if problems else "ok"} 1 - no message of the library names an option')
    return bool(problems)


if __name__ == '__main__':
    sys.exit(main())
