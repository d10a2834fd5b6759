# SPDX-License-Identifier: LGPL-2.1-or-later
"""libmmuscope from Python by ctypes alone: no C is written for a binding."""
import ctypes
import os
import pathlib
from ctypes import POINTER, Structure, byref, c_bool, c_char, c_char_p, c_int, c_int32, c_int64
from ctypes import c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

import pytest

BUILD = pathlib.Path(os.environ['MMUSCOPE']).parents[2]
ERROR_NO_TASK, ERROR_FAULT, ERROR_INVALID, ERROR_STOPPED = 8, 10, 12, 13
ADDRESS_VIRTUAL, ADDRESS_PHYSICAL = 1, 2
PAGE_OUTSIDE_RAM = 3
SPACE_PID, SPACE_MM = 1, 3
RESULT_MAPPED, RESULT_SWAPPED = 0, 2
LEAVES_ALL = 0
HOOK = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)


class Sized(Structure):
    """A struct that callers pass: its size comes first, and what is not named is zero."""

    def __init__(self, **values):
        super().__init__(size=ctypes.sizeof(self), **values)


class Hook(Sized):
    _fields_ = [('size', c_size_t), ('fn', HOOK), ('context', c_void_p)]


class Options(Sized):
    _fields_ = [('size', c_size_t), ('image', c_char_p), ('raw', c_void_p), ('parts', c_void_p),
                ('vmlinux', c_char_p), ('debug_dirs', c_void_p), ('arch', c_char_p),
                ('plugin_dir', c_char_p), ('facts', c_void_p), ('hook', POINTER(Hook)),
                ('flags', c_uint64)]


class TasksQuery(Sized):
    _fields_ = [('size', c_size_t), ('hook', POINTER(Hook)), ('flags', c_uint64)]


class SpaceQuery(Sized):
    _fields_ = [('size', c_size_t), ('value', c_uint64), ('format', c_char_p),
                ('hook', POINTER(Hook)), ('by', c_uint32), ('flags', c_uint32)]


class Part(Sized):
    _fields_ = [('size', c_size_t), ('first_va', c_uint64), ('last_va', c_uint64),
                ('hook', POINTER(Hook))]


class Task(Structure):
    _fields_ = [('task_va', c_uint64), ('mm_va', c_uint64), ('pgd_va', c_uint64),
                ('pgd_pa', c_uint64), ('pid', c_int32), ('tgid', c_int32), ('comm', c_char * 17),
                ('owner', c_uint32), ('leader', c_bool), ('kernel_thread', c_bool),
                ('zombie', c_bool), ('has_counters', c_bool), ('table_bytes', c_uint64),
                ('rss_pages', c_int64), ('swap_pages', c_int64)]


class WalkInfo(Structure):
    _fields_ = [('va', c_uint64), ('result', c_uint32), ('nr_steps', c_uint32), ('pa', c_uint64),
                ('page_bytes', c_uint64), ('swap_offset', c_uint64), ('target_pa', c_uint64),
                ('regime', c_void_p), ('note', c_char_p), ('page_state', c_uint32),
                ('rights', c_uint8), ('swap_type', c_uint8), ('has_pa', c_bool),
                ('has_swap', c_bool), ('has_target', c_bool)]


class Range(Structure):
    _fields_ = [('first_va', c_uint64), ('last_va', c_uint64), ('result', c_uint32),
                ('rights', c_uint8), ('swap_type', c_uint8), ('has_pa', c_bool),
                ('has_swap', c_bool), ('has_target', c_bool), ('page_bytes', c_uint64),
                ('pa', c_uint64), ('swap_offset', c_uint64), ('target_pa', c_uint64),
                ('note', c_char_p)]


class Error(Exception):
    """An error object, taken apart and destroyed."""

    def __init__(self, lib, error):
        super().__init__(lib.mmu_error_message(error).decode())
        address, object_va = c_uint64(), c_uint64()
        self.code = lib.mmu_error_code(error)
        self.address_kind = lib.mmu_error_address(error, byref(address))
        self.address = address.value
        self.page_state = lib.mmu_error_page_state(error)
        self.object = lib.mmu_error_object(error, byref(object_va))
        self.object_va = object_va.value
        lib.mmu_error_destroy(error)


def need(lib, error):
    if error:
        raise Error(lib, error)


def returns(lib, type_, *names):
    for name in names:
        getattr(lib, name).restype = type_


@pytest.fixture(scope='module')
def lib():
    path = BUILD / 'src' / 'libmmuscope.so'
    if any(name in path.read_bytes() for name in (b'__asan_init', b'__tsan_init')):
        pytest.skip('a sanitized library wants its runtime to come first')
    found = ctypes.CDLL(str(path))
    returns(found, c_void_p, 'mmu_session_open', 'mmu_space_open', 'mmu_tasks_open',
            'mmu_ranges_open', 'mmu_ranges_next', 'mmu_walk_create', 'mmu_session_learn',
            'mmu_ranges_leaves')
    returns(found, c_char_p, 'mmu_error_message', 'mmu_error_object', 'mmu_result_name',
            'mmu_version')
    found.mmu_tasks_next.restype = POINTER(Task)
    found.mmu_walk_get.restype = POINTER(WalkInfo)
    found.mmu_space_walk.argtypes = [c_void_p, c_uint64, c_void_p]
    found.mmu_walk_get.argtypes = [c_void_p]
    for name in ('mmu_error_message', 'mmu_error_code', 'mmu_error_page_state',
                 'mmu_error_destroy'):
        getattr(found, name).argtypes = [c_void_p]
    for name in 'mmu_error_address', 'mmu_error_object':
        getattr(found, name).argtypes = [c_void_p, c_void_p]
    found.mmu_leaves_ended.argtypes = [c_void_p]
    return found


@pytest.fixture(scope='module')
def session(lib, fixture_dir):
    options = Options(image=bytes(fixture_dir / 'x86_64.vmcore'),
                      vmlinux=bytes(fixture_dir / 'x86_64.vmlinux'),
                      plugin_dir=os.environ['MMUSCOPE_PLUGIN_PATH'].encode())
    found = c_void_p()
    need(lib, lib.mmu_session_open(byref(options), byref(found)))
    yield found
    lib.mmu_session_close(found)


@pytest.fixture
def space(lib, session):
    found = c_void_p()
    need(lib, lib.mmu_space_open(session, byref(SpaceQuery(by=SPACE_PID, value=109)),
                                 byref(found)))
    yield found
    lib.mmu_space_close(found)


def test_version(lib):
    assert lib.mmu_version().count(b'.') == 2


def test_tasks(lib, session, mmuscope, fixture_dir):
    """The same as the tool lists."""
    tasks, problem, pids = c_void_p(), c_void_p(), []
    need(lib, lib.mmu_tasks_open(session, byref(TasksQuery(flags=0)), byref(tasks)))
    while True:
        task = lib.mmu_tasks_next(tasks, byref(problem))
        if not task and not problem:
            break
        if task:
            pids.append((task[0].pid, task[0].comm.decode()))
    lib.mmu_tasks_close(tasks)
    listed = mmuscope('ps', fixture_dir / 'x86_64.vmcore', '-s', fixture_dir / 'x86_64.vmlinux')
    lines = [line.split() for line in listed.stdout.splitlines()[1:]]
    assert pids[0] == (0, 'swapper/0') and len(pids) > 50
    assert [pid for pid, _ in pids] == [int(words[0]) for words in lines]


@pytest.mark.parametrize('va, result, pa', [(0x7faceb40448c, RESULT_MAPPED, 0x3e89248c),
                                            (0x7faceb2d3000, RESULT_SWAPPED, None)])
def test_walk(lib, space, va, result, pa):
    """What the kernel itself said of these addresses."""
    walk = c_void_p()
    need(lib, lib.mmu_walk_create(byref(walk)))
    lib.mmu_space_walk(space, va, walk)
    info = lib.mmu_walk_get(walk)[0]
    assert (info.va, info.result, info.has_pa) == (va, result, pa is not None)
    assert not info.has_pa or info.pa == pa
    assert info.has_swap == (result == RESULT_SWAPPED)
    lib.mmu_walk_destroy(walk)


def ranges_of(lib, space, **part):
    ranges, found, listed = c_void_p(), POINTER(Range)(), []
    need(lib, lib.mmu_ranges_open(space, byref(Part(**part)), byref(ranges)))
    try:
        while True:
            need(lib, lib.mmu_ranges_next(ranges, byref(found)))
            if not found:
                break
            listed.append((found[0].first_va, found[0].last_va, found[0].result))
        assert lib.mmu_leaves_ended(lib.mmu_ranges_leaves(ranges)) == LEAVES_ALL
    finally:
        lib.mmu_ranges_close(ranges)
    return listed


def test_ranges(lib, space):
    """They ascend, don't overlap, and hold what the kernel said."""
    first, last = c_uint64(), c_uint64()
    lib.mmu_space_extent(space, byref(first), byref(last))
    listed = ranges_of(lib, space, first_va=first.value, last_va=last.value)
    assert len(listed) > 10
    assert all(one[1] < other[0] for one, other in zip(listed, listed[1:]))
    assert [result for begin, end, result in listed if begin <= 0x7faceb40448c <= end] == [
        RESULT_MAPPED]
    assert [result for begin, end, result in listed if begin <= 0x7faceb2d3000 <= end] == [
        RESULT_SWAPPED]


def test_a_hook_stops(lib, space):
    """That the caller wants no more is not success."""
    asked = []

    def stop_at_once(progress, context):
        asked.append(progress)
        return True

    hook = Hook(fn=HOOK(stop_at_once))
    with pytest.raises(Error) as caught:
        ranges_of(lib, space, first_va=0, last_va=(1 << 47) - 1, hook=ctypes.pointer(hook))
    assert caught.value.code == ERROR_STOPPED and len(asked) == 1


def test_a_hook_stops_learning(lib, fixture_dir):
    """Also one that says so only once."""
    asked = []

    def stop_once(progress, context):
        asked.append(progress)
        return len(asked) == 1

    hook = Hook(fn=HOOK(stop_once))
    options = Options(image=bytes(fixture_dir / 'x86_64.vmcore'), hook=ctypes.pointer(hook),
                      plugin_dir=os.environ['MMUSCOPE_PLUGIN_PATH'].encode())
    opened = c_void_p()
    need(lib, lib.mmu_session_open(byref(options), byref(opened)))
    for _ in range(2):
        with pytest.raises(Error) as caught:
            need(lib, lib.mmu_session_learn(opened))
        assert caught.value.code == ERROR_STOPPED and asked
    lib.mmu_session_close(opened)


def test_error_without_place(lib, session):
    space = c_void_p()
    with pytest.raises(Error) as caught:
        need(lib, lib.mmu_space_open(session, byref(SpaceQuery(by=SPACE_PID, value=99999)),
                                     byref(space)))
    assert caught.value.code == ERROR_NO_TASK and not space
    assert caught.value.address_kind == 0 and caught.value.object is None


def test_error_with_payload(lib, session):
    """A virtual address that leads nowhere, with the object that was to lie there."""
    space, mm_va = c_void_p(), 0xffff_8000_0000_0000
    with pytest.raises(Error) as caught:
        need(lib, lib.mmu_space_open(session, byref(SpaceQuery(by=SPACE_MM, value=mm_va)),
                                     byref(space)))
    error = caught.value
    assert error.code == ERROR_FAULT and not space
    assert error.object == b'mm_struct' and error.object_va == mm_va
    assert error.address_kind == ADDRESS_VIRTUAL and mm_va <= error.address < mm_va + 4096


def test_error_of_a_page(lib, session):
    """A physical address, and why its bytes are not there: the direct map past the end of RAM."""
    space = c_void_p()
    lib.mmu_session_linear.restype = POINTER(c_uint64 * 3)
    linear = None
    for n in range(8):
        found = lib.mmu_session_linear(session, c_size_t(n))
        if found and found[0][2] == 0:
            linear = found[0]
    mm_va = linear[0] + (1 << 38)
    with pytest.raises(Error) as caught:
        need(lib, lib.mmu_space_open(session, byref(SpaceQuery(by=SPACE_MM, value=mm_va)),
                                     byref(space)))
    error = caught.value
    assert error.address_kind == ADDRESS_PHYSICAL and error.page_state == PAGE_OUTSIDE_RAM
    assert 1 << 38 <= error.address < (1 << 38) + 4096
    assert f'physical {error.address:#x} is outside-ram' in str(error)


def refuses(lib, session, query):
    space = c_void_p()
    with pytest.raises(Error) as caught:
        need(lib, lib.mmu_space_open(session, byref(query), byref(space)))
    return caught.value.code == ERROR_INVALID and not space


@pytest.mark.parametrize('size', [0, 1, 7, 1 << 40])
def test_a_size_that_is_none(lib, session, size):
    query = SpaceQuery(by=SPACE_PID, value=109)
    query.size = size
    assert refuses(lib, session, query)


def test_a_newer_caller(lib, session):
    """What this library does not know may stand there, but must ask for nothing."""
    class Newer(Sized):
        _fields_ = [*SpaceQuery._fields_, ('more', c_uint64)]

    space = c_void_p()
    need(lib, lib.mmu_space_open(session, byref(Newer(by=SPACE_PID, value=109)), byref(space)))
    lib.mmu_space_close(space)
    assert refuses(lib, session, Newer(by=SPACE_PID, value=109, more=1))


@pytest.mark.parametrize('values', [{'by': 99}, {'by': SPACE_PID, 'flags': 1 << 31}])
def test_a_query_that_is_not_known(lib, session, values):
    assert refuses(lib, session, SpaceQuery(value=109, **values))
