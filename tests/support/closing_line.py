#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Count test cases in meson's logs and print one closing line: `N passed, N failed[, N skipped]`.

closing_line.py [--each] BUILD_DIR=STATUS...
    STATUS: exit status of the build and of `meson test` there; --each: none may have run nothing
closing_line.py --self-test

Subtests of TAP programs and cases of pytest files count one by one. meson's JUnit file knows the
subtests, but not that a program crashed, leaked or ran out of time after its last one; the JSON log
knows that. Whatever failed without a failed case counts as one failure. No tests is a failure too.
"""
import json
import pathlib
import re
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

GOOD = ('OK', 'EXPECTEDFAIL')
SKIP = 'SKIP'


def count_cases(cases):
    """[passed, failed, skipped] of JUnit testcase elements."""
    counts = [0, 0, 0]
    for case in cases:
        if case.find('failure') is not None or case.find('error') is not None:
            counts[1] += 1
        elif case.find('skipped') is not None:
            counts[2] += 1
        else:
            counts[0] += 1
    return counts


def parse(path):
    try:
        # meson copies output as it is; XML has no place for control characters
        text = re.sub('[\x00-\x08\x0b\x0c\x0e-\x1f]', '', path.read_text(errors='replace'))
        return ElementTree.fromstring(text.encode())
    except (OSError, ElementTree.ParseError):
        return ElementTree.Element('none')  # then the JSON log alone speaks


def complaints(stdout):
    """What a TAP program says of its failures: meson shows its standard error alone."""
    lines = [line for line in stdout.splitlines() if line.startswith(('not ok', '#'))]
    return ''.join(f'\n    {line}' for line in lines[-40:])


def count_test(test, subtests, logs):
    """Cases of one meson test, and what meson did not say about it, or None."""
    name, result, stdout = test['name'], test['result'], test['stdout'] or ''
    pytest_xml = logs / f'pytest-{name.rpartition(" / ")[2]}.xml'
    cases = list(parse(pytest_xml).iter('testcase')) if pytest_xml.exists() else subtests.get(name)
    bad = result not in GOOD and result != SKIP
    if cases:
        counts = count_cases(cases)
        if bad and not counts[1]:
            counts[1] = 1
            return counts, f'{name}: {result}, exit status {test["returncode"]}, after its cases'
        return counts, f'{name}:{complaints(stdout)}' if bad and name in subtests else None
    if result == SKIP and test['returncode'] == 0 and '1..0' not in stdout:
        return [0, 1, 0], f'{name}: no test case in its output'
    return [int(result in GOOD), int(bad), int(result == SKIP)], None


def count_dir(build_dir, status):
    logs = pathlib.Path(build_dir) / 'meson-logs'
    subtests = {}
    for suite in parse(logs / 'testlog.junit.xml').iter('testsuite'):
        name = suite.get('name').partition('.')[2]  # PROJECT.TEST; PROJECT alone has no subtests
        if name:
            subtests[name] = suite.findall('testcase')
    total, notes = [0, 0, 0], []
    log = logs / 'testlog.json'
    for line in log.read_text(errors='replace').splitlines() if log.exists() else []:
        counts, note = count_test(json.loads(line), subtests, logs)
        total = [a + b for a, b in zip(total, counts)]
        if note:
            notes.append(f'{build_dir}: {note}')
    if status != 0 and total[1] == 0:
        total[1] = 1
        notes.append(f'{build_dir}: exit status {status} with no failed test')
    return total, notes


def close(runs, each=False):
    """The lines to print and the exit status."""
    total, notes = [0, 0, 0], []
    for run in runs:
        build_dir, _, status = run.rpartition('=')
        counts, more = count_dir(build_dir, int(status))
        if each and not any(counts):
            counts, more = [0, 1, 0], [f'{build_dir}: no test was run']
        total = [a + b for a, b in zip(total, counts)]
        notes += more
    passed, failed, skipped = total
    line = f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else '')
    if passed + failed == 0:
        notes.append('no test was run')
    return notes + [line], int(failed > 0 or passed == 0)


# --------------------------------------------------------------------------------- self-test

def logged(name, result, returncode=0, stdout=''):
    return {'name': f'mmuscope:unit / {name}', 'result': result, 'returncode': returncode,
            'stdout': stdout}


def tap(name, *outcomes):
    cases = ''.join('<testcase>' + (f'<{o}/>' if o else '') + '</testcase>' for o in outcomes)
    return f'<testsuite name="mmuscope.mmuscope:unit / {name}">{cases}</testsuite>'


# what it is, entries of testlog.json, suites of the JUnit file, pytest files, status; line, exit
CASES = [
    ('nothing ran', [], '', {}, 0, '0 passed, 0 failed', 1),
    ('no log at all', None, '', {}, 0, '0 passed, 0 failed', 1),
    ('did not build', None, '', {}, 1, '0 passed, 1 failed', 1),
    ('only skipped', [logged('a', 'SKIP', 77)], '', {}, 0, '0 passed, 0 failed, 1 skipped', 1),
    ('plain programs', [logged('a', 'OK'), logged('b', 'EXPECTEDFAIL', 1)], '', {}, 0,
     '2 passed, 0 failed', 0),
    ('a plain failure', [logged('a', 'OK'), logged('b', 'FAIL', 1)], '', {}, 1,
     '1 passed, 1 failed', 1),
    ('a time-out', [logged('a', 'TIMEOUT', -9)], '', {}, 1, '0 passed, 1 failed', 1),
    ('an unexpected pass', [logged('a', 'UNEXPECTEDPASS')], '', {}, 1, '0 passed, 1 failed', 1),
    ('subtests', [logged('t', 'OK')], tap('t', '', '', 'skipped'), {}, 0,
     '2 passed, 0 failed, 1 skipped', 0),
    ('colours in the output', [logged('t', 'OK')], tap('t', '', '') + '<o>\x1b[1m</o>', {}, 0,
     '2 passed, 0 failed', 0),
    ('a failed subtest', [logged('t', 'FAIL', 1)], tap('t', '', 'failure'), {}, 1,
     '1 passed, 1 failed', 1),
    ('a leak after the last subtest', [logged('t', 'ERROR', 23)], tap('t', '', ''), {}, 1,
     '2 passed, 1 failed', 1),
    ('a crash before the first', [logged('t', 'ERROR', -11)], '', {}, 1, '0 passed, 1 failed', 1),
    ('a TAP program without TAP', [logged('t', 'SKIP', 0, 'hello')], '', {}, 0,
     '0 passed, 1 failed', 1),
    ('a TAP program that skips all', [logged('t', 'SKIP', 0, '1..0 # SKIP no'), logged('a', 'OK')],
     '', {}, 0, '1 passed, 0 failed, 1 skipped', 0),
    ('pytest cases', [logged('p', 'OK')], '', {'p': tap('p', '', '', 'skipped')}, 0,
     '2 passed, 0 failed, 1 skipped', 0),
    ('a failed pytest case', [logged('p', 'FAIL', 1)], '', {'p': tap('p', '', 'failure')}, 1,
     '1 passed, 1 failed', 1),
    ('pytest that dies', [logged('p', 'FAIL', 3)], '', {'p': tap('p', '')}, 1,
     '1 passed, 1 failed', 1),
    ('pytest that finds nothing', [logged('p', 'FAIL', 5)], '', {'p': tap('p')}, 1,
     '0 passed, 1 failed', 1),
    ('meson fails by itself', [logged('a', 'OK')], '', {}, 125, '1 passed, 1 failed', 1),
]


def self_test():
    failed = False
    print(f'1..{len(CASES) + 1}')
    for number, (what, tests, suites, pytests, status, line, code) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as folder:
            logs = pathlib.Path(folder) / 'meson-logs'
            logs.mkdir()
            if tests is not None:
                (logs / 'testlog.json').write_text(''.join(json.dumps(t) + '\n' for t in tests))
                (logs / 'testlog.junit.xml').write_text(f'<testsuites>{suites}</testsuites>')
            for name, xml in pytests.items():
                (logs / f'pytest-{name}.xml').write_text(xml)
            lines, got = close([f'{folder}={status}'])
        good = lines[-1] == line and got == code
        failed |= not good
        print('ok' if good else 'not ok', number, '-', what)
        if not good:
            print(f'# wanted {line!r} and {code}, got {lines!r} and {got}')
    good = close(['nowhere=0'], each=True)[0][-1] == '0 passed, 1 failed'
    print('ok' if good else 'not ok', len(CASES) + 1, '-', 'one run of several ran nothing')
    return int(failed or not good)


def main(arguments):
    if arguments == ['--self-test']:
        return self_test()
    each = '--each' in arguments
    lines, status = close([a for a in arguments if a != '--each'], each)
    print('\n'.join(lines))
    return status


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
