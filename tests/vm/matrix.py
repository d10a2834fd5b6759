# SPDX-License-Identifier: LGPL-2.1-or-later
"""What works with what: the same memory as every kind of image, with and without notes, vmlinux.

Every cell of the table is a run of tests/support/truth, made here and now. The table is
docs/what-works.md; `./dev vm --keep DIR --table` writes it.
"""
import mmap
import re
import shutil
import struct
import subprocess
import time

import checks
import filtered

FILE = checks.ROOT / 'docs/what-works.md'
SECONDS = 600

# what is known beside the image
SYMBOLS = {'DWARF': 'vmlinux with DWARF', 'BTF': 'vmlinux with symtab and .BTF',
           'symtab': 'vmlinux with symtab alone', 'none': 'the image alone'}
# the names of the notes, and what is left of them
NOTES = {'all': 'VMCOREINFO and CPUs', 'CPUs': 'of the CPUs alone', 'none': 'none',
         'wiped': 'none, and no VMCOREINFO in memory either'}
INTRO = """# What works with what

Made on {date} by

    ./dev vm --keep DIR --table {targets}

Real Debian kernels are booted under QEMU and dumped, and each dump is turned into each kind of
image. In each cell every page of every process, except ranges above 64 Ki pages, is compared with
the kernel's own `/proc/PID/pagemap`, and so are tasks, VMAs and contents. **yes** means that all
agree. Other cells show what the tool says instead. A dash means that there is no such file, because
the kernel has no BTF.
"""
LONG = 24  # characters: more stands below the table
AT_LEAST = 1000  # rows that must agree: a cell that compares nothing says nothing


# ------------------------------------------------------------------------------ vmlinux

def objcopy(target):
    return target.machine.compiler.removesuffix('gcc') + 'objcopy'


def vmlinux_kinds(target, folder):
    """{kind: path or '-'}; a kernel without BTF has no such vmlinux."""
    whole, stripped, bare = folder / 'vmlinux', folder / 'vmlinux.btf', folder / 'vmlinux.symtab'
    if not bare.exists():
        subprocess.run([objcopy(target), '--strip-debug', whole, stripped], check=True)
        subprocess.run([objcopy(target), '--rename-section', '.BTF=.no', stripped, bare],
                       check=True)
    sections = subprocess.run(['readelf', '-SW', stripped], capture_output=True, text=True,
                              check=True).stdout
    has_btf = re.search(r'\s\.BTF\s', sections)
    return {'DWARF': whole, 'BTF': stripped if has_btf else None, 'symtab': bare, 'none': '-'}


# ------------------------------------------------------------------------------ images

def without_notes(path, names):
    """Rename notes of an ELF core, so that nobody knows them."""
    with open(path, 'r+b') as file, mmap.mmap(file.fileno(), 0) as view:
        wide = view[4] == 2
        offset, = struct.unpack_from('<Q' if wide else '<I', view, 32 if wide else 28)
        size, number = struct.unpack_from('<HH', view, 54 if wide else 42)
        for at in range(offset, offset + size * number, size):
            kind, = struct.unpack_from('<I', view, at)
            if kind != 4:
                continue
            first, = struct.unpack_from('<Q' if wide else '<I', view, at + (8 if wide else 4))
            for name in names:
                place = view.find(name, first, first + (1 << 20))
                while 0 <= place:
                    view[place:place + 1] = b'-'
                    place = view.find(name, place, first + (1 << 20))


class Image:
    """A file, what to say of it on the command line, and the row's words."""

    def __init__(self, what, notes, path, options=()):
        self.what, self.notes, self.path, self.options = what, notes, path, options


def convert(source, form, target):
    subprocess.run([checks.build_dir() / 'tests/support/convert_image', source, form, target],
                   check=True, timeout=SECONDS)
    return target


def elf_images(target, folder):
    """QEMU's dump-guest-memory, with fewer and fewer notes."""
    source, path = folder / 'dump.elf', folder / 'matrix.elf'
    has = b'VMCOREINFO\0' in open(source, 'rb').read(1 << 20)
    if has:
        yield Image('ELF, QEMU', 'all', source)
    shutil.copyfile(source, path)
    without_notes(path, [b'VMCOREINFO\0'])
    yield Image('ELF, QEMU', 'CPUs', path)
    without_notes(path, [b'QEMU\0', b'CORE\0', b'LINUX\0'])
    yield Image('ELF, QEMU', 'none', path)
    wiped = folder / 'matrix.wiped'
    checks.wipe(path, wiped)
    yield Image('ELF, QEMU', 'wiped', wiped)
    path.unlink()
    wiped.unlink()


def raw_images(target, folder):
    truth = (folder / 'truth').read_text(errors='replace')
    source = folder / 'dump.raw'
    options = checks.raw_options(target, source, truth)
    # what the guest says of its own KASLR is no part of raw memory
    bare = options[:options.index('--fact')] if '--fact' in options else options
    arch = ('--arch', target.machine.name)
    yield Image('raw memory, `--ram`', 'none', source, (*bare, *arch))
    if len(target.ram()) == 1:
        path = folder / 'matrix.raw'
        checks.wipe(source, path)
        yield Image('raw memory, `--ram`', 'wiped', path, (*bare, *arch))
        path.unlink()
    for form, what in (('lime', 'LiME'), ('avml', 'AVML, compressed')):
        path = convert(folder / 'dump.elf', form, folder / f'matrix.{form}')
        yield Image(what, 'none', path, arch)
        path.unlink()


def crash_images(target, folder):
    source = folder / 'dump.vmcore'
    if not source.exists():
        return
    yield Image('ELF, /proc/vmcore', 'all', source)
    path = folder / 'matrix.kdump'
    for options, what in ((('-l', '-d', '31'), 'kdump, makedumpfile -l -d 31'),
                          (('-E', '-d', '31'), 'ELF, makedumpfile -E -d 31'),
                          (('-F', '-c', '-d', '31'), 'flattened, makedumpfile -F -c -d 31')):
        if filtered.makedumpfile(options, source, path):
            yield Image(what, 'all', path)
        path.unlink(missing_ok=True)


def extract_image(target, folder):
    path = folder / 'matrix.extract'
    path.unlink(missing_ok=True)
    checks.run([checks.tool(), 'extract', folder / 'dump.elf', path, '-s', folder / 'vmlinux'])
    yield Image('ELF, an `extract` of it', 'all', path)
    path.unlink(missing_ok=True)


def images(target, folder):
    yield from elf_images(target, folder)
    yield from crash_images(target, folder)
    if (folder / 'dump.kdump-zlib').exists():
        yield Image('kdump, QEMU (flattened)', 'all', folder / 'dump.kdump-zlib')
    if (folder / 'dump.raw').exists():
        yield from raw_images(target, folder)
    yield from extract_image(target, folder)


# ------------------------------------------------------------------------------ cells

def say_short(text):
    """The tool's own words, without this machine's paths."""
    line = next((line for line in text.strip().splitlines() if line), 'no answer')
    line = re.sub(r'^(truth|mmuscope): ', '', line)
    line = re.sub(r'/\S*/', '', line).replace('vmlinux.symtab', 'vmlinux')
    return re.sub(r'matrix\.\w+|dump\.\w+', 'IMAGE', line).replace('|', '\\|')


def cell(image, vmlinux, truth):
    if vmlinux is None:
        return '—', True
    symbols = ('--debug-dir', truth.parent / 'nothing') if vmlinux == '-' else ('-s', vmlinux)
    tasks = checks.run([checks.tool(), 'ps', image.path, *symbols, *image.options])
    if tasks.returncode > 1:
        return say_short(tasks.stderr), True
    done = checks.run([checks.truth_program(), image.path, vmlinux, truth, *image.options])
    counts = re.search(r'^agree (\d+), differ (\d+), silent (\d+)$', done.stdout, re.M)
    if not counts:
        return say_short(done.stderr or done.stdout), True
    agree, differ, _ = map(int, counts.groups())
    if differ or agree < AT_LEAST:
        return f'**{differ} differ, {agree} agree**', False
    return 'yes', True


def rows(target, folder, say):
    """(what, notes, cells, good) of each image."""
    symbols = vmlinux_kinds(target, folder)
    truth = filtered.short_truth(folder)
    for image in images(target, folder):
        start = time.monotonic()
        cells = [cell(image, vmlinux, truth) for vmlinux in symbols.values()]
        say(f'{target.name}: {image.what}, notes {image.notes}: '
            f'{", ".join(text for text, _ in cells)} ({time.monotonic() - start:.0f} s)')
        yield image.what, NOTES[image.notes], [text for text, _ in cells], all(
            good for _, good in cells)


def table(target, folder, say):
    """(lines of one table, whether nothing differs)"""
    lines = [f'## {target.name}: {target.note}', '',
             '| image | its notes | ' + ' | '.join(SYMBOLS.values()) + ' |',
             '|---|---|' + '---|' * len(SYMBOLS)]
    told, good = [], True
    for what, notes, cells, right in rows(target, folder, say):
        good &= right
        for number, text in enumerate(cells):
            if len(text) > LONG:
                if text not in told:
                    told.append(text)
                cells[number] = f'no ({told.index(text) + 1})'
        lines.append(f'| {what} | {notes} | ' + ' | '.join(cells) + ' |')
    if told:
        lines.append('')
    lines += [f'{number}. {text}' for number, text in enumerate(told, 1)]
    return [*lines, ''], good


def live_row(results):
    """What the guests have found in their own /proc/kcore."""
    lines = ['## A live system, in the guest itself', '',
             '| target | agree | differ |', '|---|---|---|']
    live = [result for result in results if result.kind == 'live']
    lines += [f'| `{result.target.name}`: `/proc/kcore`, nothing else | {result.agree:,} | '
              f'{result.differ} |' for result in live if result.agree]
    return [*lines, ''] if live else []


def write(chosen, folder, results, say):
    """Make docs/what-works.md of the targets that were kept in a folder. @return nothing differs"""
    lines, good, names = [], True, []
    for target in chosen:
        if not (folder / target.name / 'dump.elf').exists():
            continue
        more, right = table(target, folder / target.name, say)
        lines, good = lines + more, good and right
    names = ' '.join(target.name for target in chosen)
    lines += live_row(results)
    FILE.write_text(INTRO.format(targets=names, date=time.strftime('%Y-%m-%d')) + '\n' +
                    '\n'.join(lines).rstrip() + '\n')
    say(f'{FILE.relative_to(checks.ROOT)} is written')
    return good
