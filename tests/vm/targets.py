# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `./dev vm` boots. A target is data; to add one, add one here."""
import dataclasses

CLOUD, ARMMP, LPAE = 'linux-image-cloud-amd64', 'linux-image-armmp', 'linux-image-armmp-lpae'
GIB = 1 << 30


@dataclasses.dataclass(frozen=True)
class Machine:
    """What QEMU emulates: data that many targets share."""

    arch: str                # as Debian names it
    qemu: str
    options: tuple           # of QEMU, the CPU apart
    bus: str                 # suffix of virtio devices
    console: str
    compiler: str
    ram_pa: int              # where RAM begins
    below_4g: int            # of large RAM, so much lies there; the rest from 4 GiB
    parameters: dict         # of the guest program: devmem, fwcfg
    dtb: str = ''
    smp: int = 2


Q35 = Machine(
    arch='amd64', qemu='qemu-system-x86_64', options=('-machine', 'q35', '-device', 'vmcoreinfo'),
    bus='pci', console='ttyS0', compiler='gcc', ram_pa=0, below_4g=2 * GIB,
    parameters={'devmem': 0xf0000})
VIRT = Machine(
    arch='armhf', qemu='qemu-system-arm',
    options=('-machine', 'virt,highmem=off', '-device', 'vmcoreinfo'),
    bus='device', console='ttyAMA0', compiler='arm-linux-gnueabihf-gcc', ram_pa=0x40000000,
    below_4g=3 * GIB, parameters={'devmem': 0x0a000000, 'fwcfg': 0x09020000})
# LPAE and RAM above 4 GiB: qemu-system-arm 7.2 never leaves its level-3 faults
VIRT_LARGE = dataclasses.replace(VIRT, qemu='qemu-system-aarch64',
                                 options=('-machine', 'virt', '-device', 'vmcoreinfo'),
                                 below_4g=1 << 50)
VEXPRESS = Machine(
    arch='armhf', qemu='qemu-system-arm', options=('-machine', 'vexpress-a15'),
    bus='device', console='ttyAMA0', compiler='arm-linux-gnueabihf-gcc', ram_pa=0x80000000,
    below_4g=2 * GIB, parameters={'devmem': 0x1c090000}, dtb='vexpress-v2p-ca15-tc1.dtb')


@dataclasses.dataclass(frozen=True)
class Target:
    """One guest and its dumps."""

    name: str
    machine: Machine
    suite: str
    kernel: str              # the package that depends on the newest kernel of its kind
    cpu: str
    ram_mib: int
    append: str = ''         # to the kernel command line
    dumps: tuple = ('elf', 'kdump-zlib')
    huge2m: int = 0          # pages of hugetlbfs, made at run time
    huge1g: int = 0
    boot_seconds: int = 300
    note: str = ''


def x86_64(name, suite, cpu='max,la57=off', ram_mib=1024, **more):
    return Target(name, Q35, suite, CLOUD, cpu, ram_mib, huge2m=8, **more)


def arm(name, machine, kernel, ram_mib, suite='bookworm', **more):
    return Target(name, machine, suite, kernel, 'cortex-a15', ram_mib, **more)


TARGETS = [
    x86_64('x86_64-6.1', 'bookworm', dumps=('elf', 'kdump-zlib', 'raw'), note='4 levels'),
    x86_64('x86_64-6.12', 'trixie', note='4 levels'),
    x86_64('x86_64-6.1-la57', 'bookworm', cpu='max', note='5 levels'),
    x86_64('x86_64-6.12-la57', 'trixie', cpu='max', note='5 levels'),
    x86_64('x86_64-6.1-pti', 'bookworm', append='pti=on', note='KPTI'),
    x86_64('x86_64-6.12-pti', 'trixie', append='pti=on', note='KPTI'),
    x86_64('x86_64-6.1-la57-pti', 'bookworm', cpu='max', append='pti=on', dumps=('elf',),
           note='5 levels, KPTI'),
    x86_64('x86_64-6.1-nokaslr', 'bookworm', append='nokaslr', dumps=('elf',), note='no KASLR'),
    x86_64('x86_64-6.1-1g', 'bookworm', ram_mib=5120, huge1g=1, dumps=('elf',),
           note='1 GiB pages, 5 GiB of RAM'),
    x86_64('x86_64-6.12-la57-1g', 'trixie', cpu='max', ram_mib=5120, huge1g=1, dumps=('elf',),
           note='5 levels, 1 GiB pages, 5 GiB of RAM'),
    arm('armv7-short', VIRT, ARMMP, 512, note='short descriptors'),
    arm('armv7-short-highmem', VIRT, ARMMP, 2560, note='tables in high memory'),
    arm('armv7-short-vexpress', VEXPRESS, ARMMP, 1024, note='RAM at 0x80000000, no VMCOREINFO'),
    arm('armv7-short-6.12', VIRT, ARMMP, 1024, suite='trixie', note='swap entries of 6.12'),
    arm('armv7-lpae', VIRT, LPAE, 512, huge2m=8, note='LPAE'),
    arm('armv7-lpae-5g', VIRT_LARGE, LPAE, 5120, huge2m=8, dumps=('elf',), boot_seconds=600,
        note='LPAE, tables above 4 GiB'),
]
