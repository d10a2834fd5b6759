# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holding a dump to the truth: every page by the library, the roots that CPUs use by the tool."""
import json
import mmap
import os
import pathlib
import re
import shutil
import subprocess
import time

import filtered

CHECK_SECONDS = 1800
TOLD = 4  # differences
ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKED_TEXT_VA, TEXT_MAP_VA = 0xffffffff81000000, 0xffffffff80000000  # x86_64
# beside a raw image there are no notes, and beside these there are the CPUs' registers
WITHOUT_NOTES, WITH_CPUS = ('raw',), ('elf', 'kdump-zlib')
# of these QEMU lists the pages that CPU 0's tables map
WITH_TLB = ('amd64',)
# checked where they are, by the guest itself
IN_GUEST = ('live', 'crashed')
# What must hold where the tool reads a running kernel.
CONFINED = ('Landlock', 'seccomp (no file is opened any more)', 'no capabilities', 'memory')
# held to the truth a second time, with nothing but the image
ALONE = ('elf', 'raw', 'vmcore-d31')
# and a third time, with no VMCOREINFO anywhere in it
WIPED = ('elf', 'raw')


class Result:
    """One dump, compared or not."""

    def __init__(self, target, kind, seconds=0.0, counts=None, note='', trouble=False):
        self.target, self.kind, self.seconds, self.note = target, kind, seconds, note
        self.agree, self.differ, self.silent = counts or (None, None, None)
        self.trouble = trouble


def build_dir():
    return pathlib.Path(os.environ.get('MMUSCOPE_BUILD') or ROOT / 'build').resolve()


def truth_program():
    return build_dir() / 'tests/support/truth'


def tool():
    return build_dir() / 'src/tool/mmuscope'


def run(command):
    environment = {**os.environ, 'MMUSCOPE_PLUGIN_PATH': str(build_dir() / 'plugins')}
    return subprocess.run(['nice', '-n', '10', *map(str, command)], text=True, capture_output=True,
                          errors='replace', env=environment, timeout=CHECK_SECONDS)


def found(pattern, truth):
    match = re.search(pattern, truth, re.M)
    return int(match[1], 16) if match else 0


def kernel_facts(target, truth):
    """What VMCOREINFO would say, from what the guest says of itself."""
    text_va = found(r'^K\t0x([0-9a-f]+)\tT\t_text$', truth)
    text_pa = found(r'^I\t *([0-9a-f]+)-[0-9a-f]+ : Kernel code$', truth)
    values = {'KERNELOFFSET': f'{text_va - LINKED_TEXT_VA:x}',
              'NUMBER(phys_base)': str(text_pa - (text_va - TEXT_MAP_VA))}
    return [f'{name}={values[name]}' for name in target.machine.facts]


def raw_file(path, number):
    """Raw memory is a file for each range of RAM, as QEMU's pmemsave writes it."""
    return path.with_name(f'{path.name}.{number}') if number else path


def raw_options(target, path, truth):
    """The options that say of a raw image what it does not say itself."""
    (pa, _), *more = target.ram()
    options = ['--ram', f'{pa:#x}']
    for number, (pa, _) in enumerate(more, 1):
        options += ['--ram', f'{pa:#x}:::{raw_file(path, number)}']
    for fact in kernel_facts(target, truth):
        options += ['--fact', fact]
    return options


# ----------------------------------------------------------------------------------- CPUs

def root_of(path, vmlinux, *space):
    """Where the tool finds the top table, or why it doesn't."""
    done = run([tool(), 'walk', '--json', path, '-s', vmlinux, *space,
                '0x400000'])
    try:
        return int(json.loads(done.stdout)['root_pa'], 16)
    except (ValueError, KeyError):
        return done.stderr.strip()


def roots_x86_64(path, vmlinux, registers, spinning):
    """(what, root by the tool, root by QEMU) of each CPU and of the process that runs."""
    for number, (privilege, value) in enumerate(
            re.findall(r'CPL=(\d).*?CR3=([0-9a-f]+)', registers, re.S)):
        root = int(value, 16) & ~0xfff
        yield f'CR3 of CPU {number}', root_of(path, vmlinux, '--cpu', number), root
        if privilege == '3':
            ours = root_of(path, vmlinux, '--pid', spinning)
            if ours == root ^ 0x1000:
                # KPTI: unasked, the tool shows the kernel's half of the pair
                ours = root_of(path, vmlinux, '--pid', spinning, '--user-half')
            yield f'CR3 of pid {spinning}', ours, root


def roots_i386(path, vmlinux, registers, spinning):
    # QEMU says CR4 on the same line: bit 5 is PAE, whose top table has 32 bytes
    for privilege, value, cr4 in re.findall(r'CPL=(\d).*?CR3=([0-9a-f]+) CR4=([0-9a-f]+)', registers,
                                            re.S):
        if privilege == '3':
            align = 32 if int(cr4, 16) >> 5 & 1 else 4096
            yield (f'CR3 of pid {spinning}', root_of(path, vmlinux, '--pid', spinning),
                   int(value, 16) & -align)


def named(registers):
    """The registers of each CPU, of a machine whose stub was asked for them by name."""
    cpus = {}
    for cpu, name, value in re.findall(r'^CPU (\d+) (\w+) (0x[0-9a-f]+)$', registers, re.M):
        # in the secure world ARM has banks of its own
        cpus.setdefault(cpu, {})[name.removesuffix('_S')] = int(value, 16)
    return cpus


def roots_armv7(path, vmlinux, registers, spinning):
    for cpu in named(registers).values():
        if cpu['cpsr'] & 31 == 16:  # user mode
            # with the large page address extension 32 bytes, without it 16 KiB
            root = cpu['TTBR0'] & (0xffffffffe0 if cpu['TTBCR'] >> 31 else 0xffffc000)
            yield f'TTBR0 of pid {spinning}', root_of(path, vmlinux, '--pid', spinning), root


def roots_arm64(path, vmlinux, registers, spinning):
    address = 0xfffffffffffe  # without ASID and CnP; bits 5:2 are 0 below 2^48
    for number, cpu in named(registers).items():
        root = cpu['TTBR1_EL1'] & address
        ours = root_of(path, vmlinux, '--kernel')
        if ours != root:  # on its way to user mode, which runs on the trampoline (KPTI)
            ours = root_of(path, vmlinux, '--kernel', '--user-half')
        yield f'TTBR1 of CPU {number}', ours, root
        if not cpu['cpsr'] & 15:
            yield (f'TTBR0 of pid {spinning}', root_of(path, vmlinux, '--pid', spinning),
                   cpu['TTBR0_EL1'] & address)


def roots_riscv64(path, vmlinux, registers, spinning):
    for cpu in named(registers).values():
        if cpu['priv'] == 0:
            yield (f'satp of pid {spinning}', root_of(path, vmlinux, '--pid', spinning),
                   (cpu['satp'] & (1 << 44) - 1) << 12)


def roots_s390x(path, vmlinux, registers, spinning):
    for cpu in named(registers).values():
        if cpu['pswm'] >> 48 & 1:
            yield (f'ASCE of pid {spinning}', root_of(path, vmlinux, '--pid', spinning),
                   cpu['cr1'] & ~0xfff)


def roots_none(*_):
    """Of Power: its process table is not among the registers that the stub has."""
    return []


ROOTS = {'amd64': roots_x86_64, 'i386': roots_i386, 'armhf': roots_armv7, 'arm64': roots_arm64,
         'riscv64': roots_riscv64, 's390x': roots_s390x, 'ppc64el': roots_none}


def check_cpus(target, path, vmlinux, registers, truth):
    """How many roots agree, and what to say of the others."""
    spinning = re.search(r'^L\tspin_int\t(\d+)\t', truth, re.M)[1]
    agree, problems = 0, []
    for what, ours, theirs in ROOTS[target.machine.arch](path, vmlinux, registers, spinning):
        if ours == theirs:
            agree += 1
        else:
            ours = ours if isinstance(ours, str) else hex(ours)
            problems.append(f'differ: {what}: {ours}, truth {theirs:#x}')
    return agree, problems


# ----------------------------------------------------------------------------------- kernel

def tlb_pages(text):
    """{address: (physical address, may be written, of user mode, may be executed)}, of entries."""
    pages = {}
    for line in text.splitlines():
        va, pa, flags = line.replace(':', ' ').split()
        if int(va, 16) >> 63:
            pages[int(va, 16)] = int(pa, 16), 'W' in flags, 'U' in flags, 'X' not in flags
    return pages


def check_tlb(path, vmlinux, folder):
    """Every page of the kernel's half, as QEMU walks CPU 0's tables. (agree, problems)"""
    theirs = tlb_pages((folder / 'tlb').read_text())
    done = run([tool(), 'maps', path, '-s', vmlinux, '--cpu', 0, '--flat', '--by-page', '--tsv',
                '--result', 'mapped', '--range', '8000000000000000-ffffffffffffffff'])
    names, *rows = [line.split('\t') for line in done.stdout.splitlines()] or [[]]
    ours = {}
    for row in rows:
        cell = dict(zip(names, row))
        ours[int(cell['first'], 0)] = (int(cell['pa'], 0), 'w' in cell['rights'],
                                           'u' in cell['rights'], 'X' in cell['rights'])
    problems = [] if ours else [f'differ: maps of CPU 0: {done.stderr.strip()[-200:]}']
    for va in sorted(ours.keys() | theirs.keys()):
        (pa, *granted), (true_pa, *entry) = ours.get(va, (None,)), theirs.get(va, (None,))
        # QEMU has the flags of the last entry; what that one denies, no other can grant
        if pa != true_pa or any(right and not may for right, may in zip(granted, entry)):
            problems.append(f'differ: CPU 0 {va:#x}: {pa}, {granted}, truth {true_pa}, {entry}')
    return len(ours.keys() | theirs.keys()) - len(problems), problems


# ----------------------------------------------------------------------------------- all of it

def check_all(target, kind, folder, say):
    """A dump with its vmlinux and, where the kernel carries symbols and types itself, without."""
    yield check(target, kind, folder, say)
    if kind in ALONE and target.alone():
        yield check(target, kind, folder, say, alone=True)
    in_one_file = kind not in WITHOUT_NOTES or len(target.ram()) == 1
    if kind in WIPED and target.machine.arch == 'amd64' and in_one_file:
        wiped = folder / 'wiped'
        try:
            wipe(folder / f'dump.{kind}', wiped)
            yield check(target, kind, folder, say, wiped=wiped)
            yield check(target, kind, folder, say, alone=True, wiped=wiped)
        finally:
            wiped.unlink(missing_ok=True)
    if kind == 'vmcore':
        yield from filtered.check(target, folder, say)


def wipe(path, copy):
    """A copy of a dump without any VMCOREINFO: texts, and the heads of notes before them."""
    shutil.copyfile(path, copy)
    with open(copy, 'r+b') as file, mmap.mmap(file.fileno(), 0) as data:
        at = data.find(b'OSRELEASE=')
        while at >= 0:
            end = data.find(b'\0', at)
            first = max(at - 24, 0)
            data[first:end] = bytes(end - first)
            at = data.find(b'OSRELEASE=', end)


def check_proc(path, vmlinux, folder):
    """What maps --proc and --smaps print, against the files below /proc. (agree, problems)"""
    agree, problems = 0, []
    for name in ('truth_maps', 'truth_smaps'):
        done = run([truth_program().with_name(name), path, vmlinux, folder / 'truth'])
        counts = re.search(r'^(?:lines|smaps) agree (\d+), differ (\d+)', done.stdout, re.M)
        if not counts:
            problems.append(f'differ: {name}: {(done.stderr or done.stdout).strip()[-200:]}')
            continue
        told = re.findall(r'^differ.*(?:\n  .*)*', done.stdout, re.M)
        agree += int(counts[1])
        problems += told + ['differ: more'] * (int(counts[2]) - len(told))
    return agree, problems


def check_confined(told):
    """
    What the tool said in the guest, which is a root shell of a kernel with Landlock and seccomp.
    @return what held, problems
    """
    held = re.search(r'^confinement +(.+)$', told, re.M)
    held = held[1] if held else 'nothing'
    problems = [f'differ: confined by {held}: no {part}' for part in CONFINED if part not in held]
    if not re.search(r'^\{"schema":"mmuscope.ps/1"', told, re.M):
        problems.append('differ: ps lists nobody when it is confined')
    return held, problems


def check(target, kind, folder, say, alone=False, wiped=None):
    """
    Let the library walk what the kernel has written down; `alone`: with the image only; `wiped`: a
    copy of it that has no VMCOREINFO.
    """
    path, vmlinux = wiped or folder / f'dump.{kind}', folder / 'vmlinux'
    truth = (folder / 'truth').read_text(errors='replace')
    command = [truth_program(), path, '-' if alone else vmlinux, folder / 'truth']
    if kind in WITHOUT_NOTES:
        options = raw_options(target, path, truth)
        command += options[:options.index('--fact')] if alone or wiped else options
        command += ['--arch', target.machine.name] if alone or wiped else []
    if kind == 'vmcore-d31':
        command += ['--whole', folder / 'dump.vmcore']
    if kind in IN_GUEST:
        command = ['cat', path]
    start = time.monotonic()
    try:
        done = run(command)
    except subprocess.TimeoutExpired:
        return Result(target, kind, CHECK_SECONDS, note='the check timed out', trouble=True)
    seconds = time.monotonic() - start
    counts = re.search(r'^agree (\d+), differ (\d+), silent (\d+)$', done.stdout, re.M)
    churned = re.search(r'^churn: agree (\d+), differ (\d+)', done.stdout, re.M)
    if not counts or (kind == 'live' and not churned):
        (folder / f'check.{kind}').write_text(done.stdout + done.stderr)
        last = (done.stderr or done.stdout or f'status {done.returncode}').strip().split('\n')[-1]
        return Result(target, kind, seconds, note=last, trouble=True)
    agree, differ, silent = map(int, counts.groups())
    told = [line for line in done.stdout.splitlines() if line.startswith('differ')]
    if kind in WITH_CPUS and not alone and not wiped:
        registers = (folder / 'registers').read_text()
        more, problems = check_cpus(target, path, vmlinux, registers, truth)
        agree, differ, told = agree + more, differ + len(problems), told + problems
        if target.machine.arch in WITH_TLB:
            more, problems = check_tlb(path, vmlinux, folder)
            agree, differ, told = agree + more, differ + len(problems), told + problems
    if kind == 'elf' and not target.tasks and not wiped:
        more, problems = check_proc(path, '-' if alone else vmlinux, folder)
        agree, differ, told = agree + more, differ + len(problems), told + problems
    held = ''
    if kind == 'live':
        held, problems = check_confined(done.stdout)
        agree, differ = agree + int(churned[1]), differ + int(churned[2]) + len(problems)
        told += problems
        say(f'{target.name} {kind}: confined by {held}')
    if kind == 'crashed':
        # the tool says the same of the copy
        copied = run([tool(), 'ps', '--json', folder / 'dump.vmcore', '--debug-dir', folder]).stdout
        same = copied.splitlines() == re.findall(r'^\{.*', done.stdout, re.M)
        agree, differ, told = agree + same, differ + (not same), told + ['differ: ps'] * (not same)
    (folder / f'check.{kind}').write_text('\n'.join([*told, counts[0], held, done.stderr]))
    for line in told[:TOLD]:
        say(f'{target.name} {kind}: {line}')
    if len(told) > TOLD:
        say(f'{target.name} {kind}: and more: --keep DIR has them in check.{kind}')
    notes = ['without vmlinux'] * alone + ['without notes'] * (kind in WITHOUT_NOTES) + [
        'VMCOREINFO wiped'] * bool(wiped)
    return Result(target, kind, seconds, (agree, differ, silent),
                  ', '.join(notes) if alone or wiped else target.note)
