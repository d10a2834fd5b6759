# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `./dev vm` boots. A target is data; to add one, add one here."""
import dataclasses

CLOUD, ARMMP, LPAE = 'linux-image-cloud-amd64', 'linux-image-armmp', 'linux-image-armmp-lpae'
ARM64, ARM64_16K = 'linux-image-cloud-arm64', 'linux-image-arm64-16k'
FULL, RT = 'linux-image-amd64', 'linux-image-rt-amd64'
NEWEST = 'newest'  # of suites: where Debian has the newest kernel today
GIB = 1 << 30
# pointer authentication by the book is what a guest under TCG does most of its time
LPA2 = 'max,pauth-impdef=on'
# what TCG takes long for: fewer pages that are not there
SLOW = {'sparse_gib': 8}


@dataclasses.dataclass(frozen=True)
class Machine:
    """What QEMU emulates: data that many targets share."""

    arch: str                # as Debian names it
    name: str                # as the tool names it
    qemu: str
    options: tuple           # of QEMU, the CPU apart
    bus: str                 # suffix of virtio devices
    console: str
    compiler: str
    ram_pa: int              # where RAM begins
    all_below_4g: int        # RAM up to so much lies in one piece; of more,
    below_4g: int            # so much lies below 4 GiB, and the rest from there on
    facts: tuple             # what only notes say: a raw image needs it from the user
    parameters: dict         # of the guest program: devmem, fwcfg
    dtb: str = ''
    registers: tuple = ()    # to be asked for by name: no dump has them
    slots: tuple = ()        # where each virtio device goes; empty: where QEMU likes
    alone: tuple = ()        # suites whose kernels carry BTF and all of kallsyms
    smp: int = 2


Q35 = Machine(
    arch='amd64', name='x86_64', qemu='qemu-system-x86_64', options=('-machine', 'q35', '-device', 'vmcoreinfo'),
    bus='pci', console='ttyS0', compiler='gcc', ram_pa=0,
    all_below_4g=0xb0000000, below_4g=2 * GIB,
    facts=('KERNELOFFSET', 'NUMBER(phys_base)'), parameters={'devmem': 0xf0000},
    alone=('bullseye', 'bookworm', 'trixie', NEWEST))
# two nodes, and memory that the kernel finds later, by ACPI, at 36 GiB
NUMA = dataclasses.replace(Q35, options=(
    *Q35.options, '-object', 'memory-backend-ram,id=ram0,size=512M', '-object',
    'memory-backend-ram,id=ram1,size=512M', '-numa', 'node,cpus=0,memdev=ram0', '-numa',
    'node,cpus=1,memdev=ram1'))
PLUGGED = dataclasses.replace(
    Q35, parameters={**Q35.parameters, 'far_mib': 1024}, options=(
        *Q35.options, '-m', 'slots=2,maxmem=64G', '-object',
        'memory-backend-ram,id=more,size=1G', '-device', 'pc-dimm,memdev=more,addr=0x900000000'))
TABLE_BASES = ('cpsr', 'TTBR0', 'TTBR1', 'TTBCR', 'DACR', 'SCTLR')
VIRT = Machine(
    arch='armhf', name='armv7', qemu='qemu-system-arm',
    options=('-machine', 'virt,highmem=off', '-device', 'vmcoreinfo'),
    bus='device', console='ttyAMA0', compiler='arm-linux-gnueabihf-gcc', ram_pa=0x40000000,
    all_below_4g=1 << 40, below_4g=0, facts=(), registers=TABLE_BASES,
    parameters={'devmem': 0x0a000000, 'fwcfg': 0x09020000})
# LPAE and RAM above 4 GiB: qemu-system-arm 7.2 never leaves its level-3 faults
VIRT_LARGE = dataclasses.replace(VIRT, qemu='qemu-system-aarch64',
                                 options=('-machine', 'virt', '-device', 'vmcoreinfo'))
VEXPRESS = Machine(
    arch='armhf', name='armv7', qemu='qemu-system-arm', options=('-machine', 'vexpress-a15'),
    bus='device', console='ttyAMA0', compiler='arm-linux-gnueabihf-gcc', ram_pa=0x80000000,
    all_below_4g=2 * GIB, below_4g=2 * GIB, facts=(), parameters={'devmem': 0x1c110000}, dtb='vexpress-v2p-ca15-tc1.dtb',
    # its kernel stays in the secure world
    registers=('cpsr', *(f'{name}_S' for name in TABLE_BASES[1:])))

VIRT_64 = Machine(
    arch='arm64', name='arm64', qemu='qemu-system-aarch64',
    options=('-machine', 'virt,gic-version=3', '-device', 'vmcoreinfo'),
    bus='pci', console='ttyAMA0', compiler='aarch64-linux-gnu-gcc', ram_pa=0x40000000,
    all_below_4g=1 << 40, below_4g=0, facts=(), registers=('cpsr', 'TTBR0_EL1', 'TTBR1_EL1'),
    parameters={'devmem': 0x0a000000}, alone=('trixie', NEWEST))
# QEMU 7.2 makes its fw_cfg too late for a vmcoreinfo device: no notes
VIRT_RISCV = Machine(
    arch='riscv64', name='riscv64', qemu='qemu-system-riscv64', options=('-machine', 'virt'),
    bus='pci', console='ttyS0', compiler='riscv64-linux-gnu-gcc', ram_pa=0x80000000,
    all_below_4g=1 << 40, below_4g=0, facts=(), registers=('priv', 'satp'),
    parameters={'devmem': 0x10001000, **SLOW}, alone=('trixie', NEWEST))
CCW = Machine(
    arch='s390x', name='s390x', qemu='qemu-system-s390x', options=('-machine', 's390-ccw-virtio'),
    bus='ccw', console='ttysclp0', compiler='s390x-linux-gnu-gcc', ram_pa=0,
    all_below_4g=1 << 40, below_4g=0, facts=(), registers=('pswm', 'cr1', 'cr7', 'cr13'),
    parameters={'devmem': 0x8000000000, **SLOW}, alone=('trixie', NEWEST))
PSERIES = Machine(
    arch='ppc64el', name='ppc64', qemu='qemu-system-ppc64', options=('-machine', 'pseries', '-vga', 'none'),
    bus='pci', console='hvc0', compiler='powerpc64le-linux-gnu-gcc', ram_pa=0,
    all_below_4g=1 << 40, below_4g=0, facts=(), registers=('msr',),
    parameters={'devmem': 0x100000000000, **SLOW}, alone=('trixie', NEWEST))
# without a hypervisor: its hashed table lies in its own memory
POWERNV8 = dataclasses.replace(
    PSERIES, options=('-machine', 'powernv8'), slots=('bus=pcie.0', 'bus=pcie.1', 'bus=pcie.2'))
Q35_32 = dataclasses.replace(Q35, arch='i386', name='i386', qemu='qemu-system-i386', facts=(),
                             compiler='i686-linux-gnu-gcc', alone=())


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
    hugetlb: int = 0         # pages of hugetlbfs, of its default size, made at run time
    huge1g: int = 0
    tasks: int = 0           # so many, of little interest; 0: those that the suite is about
    large_mib: int = 0       # one of the many tasks has so much memory, in small pages
    page_bytes: int = 4096
    boot_seconds: int = 300
    needs: tuple = ()        # labels without which the truth is not worth much, or flag:NAME of CPUs
    note: str = ''

    def needs_kernel(self):
        return self.suite, self.machine.arch, self.kernel

    def crashes(self):
        """Whether the guest is to crash for real, into a second kernel."""
        return 'vmcore' in self.dumps

    def live(self):
        """Whether the guest is to walk its own kernel while it runs."""
        return 'live' in self.dumps

    def alone(self):
        """Whether the image itself has all that is known of its kernel."""
        return self.suite in self.machine.alone

    def keeps_memory(self):
        """Whether some of its memory is a disk that can be mapped (DAX)."""
        return 'memmap=' in self.append

    def ram(self):
        """(physical address, bytes) of RAM."""
        machine, size = self.machine, self.ram_mib << 20
        low = size if size <= machine.all_below_4g else min(size, machine.below_4g)
        high = [(1 << 32, size - low)] if size > low else []
        return [(machine.ram_pa, low), *high]


# what must have come about in every guest, and in some
EVERYWHERE = ('anon_rw', 'swapped', 'swapped_elsewhere', 'devmem', 'low', 'fork_cow_child', 'sparse',
              'spin_int', 'ksm', 'threads', 'oom_reaped')
HUGE = ('thp', 'hugetlb', 'hugetlb_shared')
X86 = EVERYWHERE + HUGE + ('uffd_wp', 'pkey', 'softdirty', 'top47', 'flag:pku', 'compat',
                           'pmd_shared_child')
NEWER = ('hwpoison', 'uffd_poison')  # not in the cloud kernel of 6.1
# at run time a GiB in one piece can be had only by luck
BOOT_1G = 'hugepagesz=1G hugepages=1'
LA57 = ('flag:la57', 'high_la57_47', 'high_la57_52', 'high_la57_top')


def x86_64(name, suite, cpu='max,la57=off', ram_mib=1024, needs=(), kernel=CLOUD,
           machine=Q35, **more):
    needs = X86 + needs + (LA57 if cpu == 'max' else ())
    needs += NEWER if suite in ('trixie', NEWEST) else ()
    needs += ('secret',) if suite != 'bullseye' else ()
    needs += ('guard',) if suite == NEWEST else ()
    if kernel == FULL:
        needs += ('swapped_zswap', 'dax')
        more['append'] = 'memmap=32M!512M'
    needs = tuple(need for need in needs if kernel != RT or need != 'thp')  # it has none
    return Target(name, machine, suite, kernel, cpu, ram_mib, hugetlb=8, needs=needs, **more)


def kpti(name, suite, **more):
    return x86_64(name, suite, append='pti=on', needs=('flag:pti',), **more)


def arm(name, machine, kernel, ram_mib, suite='bookworm', **more):
    needs = EVERYWHERE + (HUGE if kernel == LPAE else ())
    return Target(name, machine, suite, kernel, 'cortex-a15', ram_mib, needs=needs, **more)


def arm64(name, suite, cpu='cortex-a57', ram_mib=1024, kernel=ARM64, **more):
    needs = EVERYWHERE + HUGE + (('high_lpa2', 'high_lpa2_top') if cpu == LPA2 else ())
    if kernel == ARM64_16K:
        ram_mib, more = 2048, {'page_bytes': 16 << 10, **more}
        cpu = 'cortex-a76' if cpu == 'cortex-a57' else cpu  # which has pages of 4 and 64 KiB alone
    return Target(name, VIRT_64, suite, kernel, cpu, ram_mib, hugetlb=8, needs=needs, **more)


def riscv64(name, suite, needs=(), **more):
    return Target(name, VIRT_RISCV, suite, 'linux-image-riscv64', 'rv64', 1024, hugetlb=8,
                  needs=EVERYWHERE + HUGE + needs, dumps=('elf',), boot_seconds=900, **more)


# TCG's s390 has no large pages, and its kernel no /dev/mem to map
def s390x(name, suite, **more):
    needs = tuple(need for need in EVERYWHERE if need != 'devmem') + ('around42', 'around53')
    return Target(name, CCW, suite, 'linux-image-s390x', 'max', 1024, needs=needs, dumps=('elf',),
                  boot_seconds=900, **more)


def ppc64(name, suite, machine, cpu, kernel='linux-image-powerpc64le', page_bytes=64 << 10,
          **more):
    return Target(name, machine, suite, kernel, cpu, 1024, hugetlb=8, page_bytes=page_bytes,
                  needs=EVERYWHERE + HUGE + ('from49',), dumps=('elf',), boot_seconds=1500,
                  **more)


def i386(name, kernel, ram_mib, **more):
    # emulated, the timer may be too slow for the kernel's liking
    return Target(name, Q35_32, 'bookworm', kernel, 'max', ram_mib, hugetlb=8, append='no_timer_check',
                  needs=EVERYWHERE + HUGE, dumps=('elf',), boot_seconds=600, **more)


TARGETS = [
    x86_64('x86_64-6.1', 'bookworm', note='4 levels, a crash and makedumpfile',
           dumps=('elf', 'kdump-zlib', 'raw', 'vmcore', 'crashed', 'vmcore-d31')),
    x86_64('x86_64-6.12', 'trixie', note='4 levels, a crash and makedumpfile',
           dumps=('elf', 'kdump-zlib', 'raw', 'vmcore', 'crashed', 'vmcore-d31')),
    x86_64('x86_64-6.1-la57', 'bookworm', cpu='max', note='5 levels'),
    x86_64('x86_64-6.12-la57', 'trixie', cpu='max', note='5 levels',
           dumps=('elf', 'kdump-zlib', 'raw')),
    kpti('x86_64-6.1-pti', 'bookworm', note='KPTI'),
    kpti('x86_64-6.12-pti', 'trixie', note='KPTI'),
    kpti('x86_64-6.1-la57-pti', 'bookworm', cpu='max', dumps=('elf', 'raw'),
         note='5 levels, KPTI'),
    x86_64('x86_64-6.1-nokaslr', 'bookworm', append='nokaslr', dumps=('elf',), note='no KASLR'),
    x86_64('x86_64-6.1-1g', 'bookworm', ram_mib=5120, huge1g=1, dumps=('elf', 'raw'),
           append=BOOT_1G, needs=('hugetlb_1g',), note='1 GiB pages, 5 GiB of RAM'),
    x86_64('x86_64-6.12-la57-1g', 'trixie', cpu='max', ram_mib=5120, huge1g=1, dumps=('elf',),
           append=BOOT_1G, needs=('hugetlb_1g',), note='5 levels, 1 GiB pages, 5 GiB of RAM'),
    x86_64('x86_64-5.10', 'bullseye', dumps=('elf', 'kdump-zlib', 'raw'), note='oldest kernel'),
    x86_64('x86_64-5.10-full', 'bullseye', kernel=FULL, dumps=('elf',), note='its full kernel'),
    x86_64('x86_64-5.10-la57-pti', 'bullseye', cpu='max', append='pti=on', dumps=('elf', 'raw'),
           needs=('flag:pti',), note='5 levels, KPTI'),
    Target('x86_64-5.10-tasks', Q35, 'bullseye', CLOUD, 'max,la57=off', 512, tasks=1500,
           dumps=('elf',), boot_seconds=1800, note='tables of processes where init memory was'),
    x86_64('x86_64-newest', NEWEST, dumps=('elf', 'kdump-zlib', 'raw'), note='newest kernel'),
    x86_64('x86_64-newest-rt', NEWEST, kernel=RT, dumps=('elf',), note='PREEMPT_RT'),
    x86_64('x86_64-newest-full', NEWEST, kernel=FULL, dumps=('elf',), note='not for clouds alone'),
    x86_64('x86_64-newest-la57-pti', NEWEST, cpu='max', append='pti=on', dumps=('elf', 'raw'),
           needs=('flag:pti',), note='5 levels, KPTI'),
    x86_64('x86_64-6.12-8cpu', 'trixie', machine=dataclasses.replace(Q35, smp=8), dumps=('elf',),
           note='8 CPUs'),
    x86_64('x86_64-6.12-numa', 'trixie', machine=NUMA, dumps=('elf',), needs=('numa_hints',),
           note='two nodes, NUMA hints'),
    x86_64('x86_64-6.12-plugged', 'trixie', machine=PLUGGED, dumps=('elf',), needs=('far_pages',),
           boot_seconds=600, note='memory was added at 36 GiB'),
    x86_64('x86_64-6.1-live', 'bookworm', dumps=('live',), note='in the guest, /proc/kcore'),
    x86_64('x86_64-6.12-la57-live', 'trixie', cpu='max', dumps=('live',),
           note='in the guest, /proc/kcore, 5 levels'),
    arm('armv7-short', VIRT, ARMMP, 512, dumps=('elf', 'kdump-zlib', 'raw'),
        note='short descriptors'),
    arm('armv7-short-highmem', VIRT, ARMMP, 2560, note='tables in high memory'),
    arm('armv7-short-vexpress', VEXPRESS, ARMMP, 1024, note='RAM at 0x80000000, no VMCOREINFO'),
    arm('armv7-short-6.12', VIRT, ARMMP, 1024, suite='trixie', note='swap entries of 6.12'),
    arm('armv7-short-5.10', VIRT, ARMMP, 512, suite='bullseye', note='oldest kernel'),
    arm('armv7-short-newest', VIRT, ARMMP, 512, suite=NEWEST, dumps=('elf', 'kdump-zlib', 'raw'),
        note='newest kernel'),
    arm('armv7-lpae-newest', VIRT, LPAE, 512, suite=NEWEST, hugetlb=8, dumps=('elf',),
        note='newest kernel'),
    arm('armv7-lpae', VIRT, LPAE, 512, hugetlb=8, dumps=('elf', 'kdump-zlib', 'raw'),
        note='LPAE'),
    arm('armv7-lpae-5g', VIRT_LARGE, LPAE, 5120, hugetlb=8, dumps=('elf',), boot_seconds=600,
        note='LPAE, tables above 4 GiB'),
    arm64('arm64-6.1', 'bookworm', dumps=('elf', 'kdump-zlib', 'raw'), note='4 KiB pages, 48 bits'),
    arm64('arm64-6.12', 'trixie', dumps=('elf',), note='4 KiB pages, 52-bit kernel on 48 bits'),
    arm64('arm64-6.12-lpa2', 'trixie', cpu=LPA2, dumps=('elf',), boot_seconds=900,
          note='4 KiB pages, 52 bits (LPA2)'),
    arm64('arm64-newest', NEWEST, dumps=('elf',), note='newest kernel'),
    arm64('arm64-6.12-16k', 'trixie', kernel=ARM64_16K, dumps=('elf',), boot_seconds=900,
          note='16 KiB pages, 47 bits'),
    arm64('arm64-6.12-16k-lpa2', 'trixie', cpu=LPA2, kernel=ARM64_16K, dumps=('elf',),
          boot_seconds=1500, note='16 KiB pages, 52 bits (LPA2)'),
    arm64('arm64-newest-16k', NEWEST, kernel=ARM64_16K, dumps=('elf',), boot_seconds=900,
          note='newest kernel, 16 KiB pages'),
    riscv64('riscv64-6.12-sv39', 'trixie', append='no4lvl', needs=('top38',), note='Sv39'),
    riscv64('riscv64-6.12-sv48', 'trixie', append='no5lvl', needs=('below47',), note='Sv48'),
    riscv64('riscv64-6.12-sv57', 'trixie', needs=('below56',), note='Sv57'),
    riscv64('riscv64-newest', NEWEST, needs=('below56',), note='newest kernel, Sv57'),
    s390x('s390x-6.12', 'trixie', note='3 to 5 levels'),
    s390x('s390x-newest', NEWEST, note='newest kernel'),
    ppc64('ppc64el-6.1-radix', 'bookworm', PSERIES, 'power9', note='radix, 64 KiB pages'),
    ppc64('ppc64el-6.12-radix', 'trixie', PSERIES, 'power9', page_bytes=4096,
          note='radix, 4 KiB pages'),
    ppc64('ppc64el-6.1-hash', 'bookworm', POWERNV8, 'power8', note='hashed table, 64 KiB pages'),
    ppc64('ppc64el-6.12-hash', 'trixie', POWERNV8, 'power8', page_bytes=4096,
          note='hashed table, 4 KiB pages'),
    i386('i386-6.1', 'linux-image-686', 1024, note='two levels'),
    i386('i386-6.1-pae', 'linux-image-686-pae', 1024, note='PAE'),
]


def heavy(tasks, large_mib=0):
    """A guest with much of everything, for `./dev bench`: no part of the suite."""
    ram_mib = 1024 + large_mib if large_mib else 512 + tasks // 4
    name = 'large' if large_mib else f'tasks-{tasks}'
    return Target(name, Q35, 'bookworm', CLOUD, 'max,la57=off', ram_mib, dumps=('elf',),
                  tasks=tasks, large_mib=large_mib, boot_seconds=1800)


HEAVY = [heavy(465, large_mib=3072), heavy(4000)]
