# SPDX-License-Identifier: LGPL-2.1-or-later
"""What differs by architecture lies in its folder: who else names one, counted. TAP."""
import pathlib
import re
import sys

# What names an architecture besides its folder: machines, kernels, tables.
WORDS = ['EM_X86_64', 'EM_ARM', 'amd64', 'armmp', 'cpuinfo_x86', 'lpae', 'x86', 'arm']

# Files that may, and why.
ALLOWED = {
    'bench/make_synthetic.c': 'the machine whose tables it writes',
    'plugins/meson.build': 'the one word in a list',
    'src/facts/elffile.c': 'the magic number of a boot image',
    'src/api/confine_calls.c': "clone()'s arguments are the host's",
    'src/base/seccomp.c': "the numbers of system calls are the host's",
    'src/image/helper_dump.c': 'machines as libkdumpfile calls them',
    'src/image/kdump.c': 'machines as the headers of kdump files call them',
    'src/tool/cmd_entry.c': 'the default of --arch where there is no image',
    'src/tool/completion.bash': 'the same default',
    'src/tool/space_options.c': 'help about an option that one machine alone has',
    'tests/abi/meson.build': 'the machine that the stored ABI is of',
    'tests/api/meson.build': 'the names of the dumps',
    'tests/fixtures/meson.build': 'the names of the dumps',
    'tests/prototypes/meson.build': 'the back-ends whose roots and tables walks are held to',
    'tests/support/convert_image.c': 'writes a kdump file of the fixture',
    'tests/support/foreign.py': 'the machines that check-all builds for',
    'tests/support/hostile/meson.build': "is made of a back-end's sources",
    'tests/support/stranger.c': "is made of an example's source",
    'tests/unit/meson.build': 'a vmlinux of foreign machines, by a compiler that has them',
}

COMMENTS = re.compile(r'/\*.*?\*/|//[^\n]*', re.DOTALL)
HASH = re.compile(r'(?m)(^|\s)#.*$')


def infrastructure(root):
    """Files that every architecture shares."""
    for pattern in ('src/**/*', 'include/**/*', 'meson.build', 'plugins/meson.build',
                    'tests/**/meson.build', 'tests/conftest.py', 'tests/support/*',
                    'tests/property/*', 'bench/*.c', 'examples/*'):
        for path in sorted(root.glob(pattern)):
            if path.suffix in ('.c', '.h', '.py', '.bash', '.build'):
                yield path


def names_one(path, words):
    text = path.read_text()
    if path.suffix in ('.c', '.h'):
        text = COMMENTS.sub(' ', text)
    else:
        text = HASH.sub(' ', text)
    text = re.sub(r'""".*?"""', ' ', text, flags=re.DOTALL)
    # a part of a longer name counts too: mmu_arch_NAME, test-NAME
    return sorted({word for word in words
                   if re.search(rf'(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])', text)})


def main():
    root = pathlib.Path(sys.argv[1])
    folders = sorted(path.name for path in (root / 'plugins').iterdir() if path.is_dir())
    found = {str(path.relative_to(root)): names for path in infrastructure(root)
             if (names := names_one(path, folders + WORDS))}
    problems = [f'{path} names {", ".join(names)}' for path, names in found.items()
                if path not in ALLOWED]
    problems += [f'{path} is allowed to name one, and does not' for path in ALLOWED
                 if path not in found]
    assert len(folders) >= 3
    print('1..1')
    for problem in problems:
        print(f'# {problem}')
    print(f'{"not ok" if problems else "ok"} 1 - {len(found)} files outside of the folders name '
          f'an architecture')
    return bool(problems)


if __name__ == '__main__':
    sys.exit(main())
