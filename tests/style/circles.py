#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No file needs another that needs it: circles.py SOURCE BUILD NM, or circles.py --self-test.

Two graphs, each without a circle: which header includes which, and which file uses what another
defines (functions and data, by nm of the objects). They are not joined: that a source includes the
header of its caller, for a type, is no circle.
Circles that are still there stand in circles.allowed, one a line; one that is gone fails too.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

FOLDERS = ('src/', 'plugins/')
ALLOWED = pathlib.Path(__file__).with_name('circles.allowed')
INCLUDE = re.compile(r'[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)
INCLUDED, USED = 'include', 'use'


class Graph:
    """Who needs whom, and by what."""

    def __init__(self):
        self.edges = collections.defaultdict(dict)

    def add(self, user, needed, why):
        if user != needed:
            self.edges[user].setdefault(needed, why)

    def reaches(self, start):
        """{node: the one before it} of all that can be reached, by shortest ways."""
        before, queue = {}, collections.deque([start])
        while queue:
            node = queue.popleft()
            for other in sorted(self.edges.get(node, ())):
                if other not in before:
                    before[other] = node
                    queue.append(other)
        return before

    def circles(self):
        """{sorted nodes of a strongly connected part: the steps of one circle in it}"""
        reached = {node: self.reaches(node) for node in list(self.edges)}
        found = {}
        for node, before in sorted(reached.items()):
            if node in before:
                part = tuple(sorted(other for other in before if node in reached.get(other, ())))
                found.setdefault(part, self.way_round(node, before))
        return found

    def way_round(self, node, before):
        way = [node]
        while len(way) == 1 or way[-1] != node:
            way.append(before[way[-1]])
        way.reverse()
        return [(user, needed, self.edges[user][needed]) for user, needed in zip(way, way[1:])]


# --------------------------------------------------------------------------------- includes

def include_graph(root):
    graph = Graph()
    names = {path.relative_to(root).as_posix() for folder in FOLDERS
             for path in (root / folder).rglob('*.[ch]')}
    for name in sorted(names):
        for quote, wanted in INCLUDE.findall((root / name).read_text(errors='replace')):
            folder = name.rpartition('/')[0]
            # <dwarf.h> is the system's
            for candidate in [f'{folder}/{wanted}'] * (quote == '"') + [f'src/{wanted}']:
                if candidate in names:
                    graph.add(name, candidate, f'"{wanted}"')
                    break
    return graph


# --------------------------------------------------------------------------------- symbols

def objects(root, build):
    """{object file: source}, one for each source: a back-end is compiled twice."""
    found = {}
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        source = (pathlib.Path(entry['directory']) / entry['file']).resolve()
        if source.is_relative_to(root):
            name = source.relative_to(root).as_posix()
            if name.startswith(FOLDERS):
                found.setdefault(name, pathlib.Path(entry['directory']) / entry['output'])
    return {str(path): name for name, path in found.items()}


def use_graph(listed, sources):
    """`listed`: what `nm -A -P` says of the objects in `sources`."""
    definers, users = collections.defaultdict(set), collections.defaultdict(set)
    for line in listed.splitlines():
        path, name, kind = re.match(r'(.*)(?:\[.*\])?: (\S+) (\S)', line).groups()
        if kind in 'Uwv':
            users[name].add(sources[path])
        elif kind.isupper():
            definers[name].add(sources[path])
    graph = Graph()
    for name in sorted(users):
        for user in users[name]:
            for definer in definers[name]:
                # each back-end defines a symbol of the same name, and the tool one of its own
                folder = definer.split('/')[:2]
                if folder[0] == 'src' and folder[1] != 'tool' or user.split('/')[:2] == folder:
                    graph.add(user, definer, name)
    return graph


def nm(tool, paths):
    return subprocess.run([tool, '-A', '-P', *paths], capture_output=True, text=True,
                          check=True).stdout


# --------------------------------------------------------------------------------- verdict

def describe(kind, nodes):
    return f'{kind}: {" ".join(nodes)}'


def judge(graphs, allowed):
    """(what is wrong, what is allowed for now) of {kind: graph}."""
    bad, known, seen = [], [], set()
    for kind, graph in graphs.items():
        for nodes, way in graph.circles().items():
            line = describe(kind, nodes)
            seen.add(line)
            steps = [f'{user} needs {needed} for {why}' for user, needed, why in way]
            (known if line in allowed else bad).append((line, steps))
    gone = [(f'{line}: this circle is gone, take it out of {ALLOWED.name}', [])
            for line in allowed if line not in seen]
    return bad + gone, known


def allowed_circles():
    if not ALLOWED.exists():
        return []
    lines = [line.strip() for line in ALLOWED.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith('#')]


def check(root, build, tool):
    root, build = pathlib.Path(root).resolve(), pathlib.Path(build).resolve()
    sources = objects(root, build)
    if not sources:
        sys.exit(f'{build}: no objects of {root}')
    graphs = {INCLUDED: include_graph(root), USED: use_graph(nm(tool, sources), sources)}
    if not all(graph.edges for graph in graphs.values()):
        sys.exit('no file includes or uses another: that can\'t be')
    bad, known = judge(graphs, allowed_circles())
    for line, _ in known:
        print(f'# still there: {line}')
    for line, steps in bad:
        print('\n    '.join([line, *steps]), file=sys.stderr)
    print('1..1\n' + ('not ok' if bad else 'ok') + ' 1 - circles')
    return int(bool(bad))


# --------------------------------------------------------------------------------- self-test

SYMBOLS = """a.o: f T 0 0
a.o: g U
b.o: g T 0 0
b.o: own t 0 0
b.o: table D 0 0
c.o: g U
c.o: table U
p.o: plugin R 0 0
q.o: plugin R 0 0
q.o: f U
t.o: g T 0 0
t.o: main T 0 0
"""
SOURCES = {'a.o': 'src/walk/a.c', 'b.o': 'src/walk/b.c', 'c.o': 'src/kernel/c.c',
           'p.o': 'plugins/p/p.c', 'q.o': 'plugins/q/q.c', 't.o': 'src/tool/t.c'}
FILES = {'src/walk/a.c': '#include "walk/a.h"\n#include "b.h"\n', 'src/walk/a.h': '',
         'src/walk/b.c': '#include <walk/b.h>\n#include <stdio.h>\n', 'src/walk/b.h': '',
         'plugins/p/p.c': '#include "p.h"\n', 'plugins/p/p.h': '',
         'plugins/p/q.c': '#include "p.h"\n'}

# what it is, more symbols, more files, what is allowed, what is found
CASES = [
    ('a clean tree', '', {}, [], []),
    ('two that use each other', 'b.o: f U\n', {}, [], ['use: src/walk/a.c src/walk/b.c']),
    ('data counts', 'b.o: h U\nc.o: h D 0 0\n', {}, [], ['use: src/kernel/c.c src/walk/b.c']),
    ('a circle of three', 'a.o: e U\nc.o: e D 0 0\nb.o: f U\n', {}, [],
     ['use: src/kernel/c.c src/walk/a.c src/walk/b.c']),
    ('a static function is nobody else\'s', 'a.o: own U\nb.o: f w\na.o: f t 0 0\n', {}, [],
     ['use: src/walk/a.c src/walk/b.c']),
    ('a symbol of another back-end', 'p.o: plugin U\nq.o: x T 0 0\np.o: x U\n', {}, [], []),
    ('sources that include each other\'s header', '', {'src/walk/b.c': '#include "walk/a.h"\n'}, [],
     []),
    ('headers that do', '',
     {'src/walk/a.h': ' # include "b.h"\n', 'src/walk/b.h': '#include "a.h"\n'}, [],
     ['include: src/walk/a.h src/walk/b.h']),
    ('of a back-end', '',
     {'plugins/p/p.h': '#include "q.h"\n', 'plugins/p/q.h': '#include "p.h"\n'}, [],
     ['include: plugins/p/p.h plugins/p/q.h']),
    ('includes one way, uses the other', 'b.o: f U\na.o: g t 0 0\n', {'src/walk/b.h': ''}, [],
     ['use: src/walk/a.c src/walk/b.c']),
    ('an allowed circle', 'b.o: f U\n', {}, ['use: src/walk/a.c src/walk/b.c'], []),
    ('an allowed circle that grew', 'a.o: e U\nc.o: e D 0 0\nb.o: f U\n', {},
     ['use: src/walk/a.c src/walk/b.c'],
     ['use: src/kernel/c.c src/walk/a.c src/walk/b.c',
      'use: src/walk/a.c src/walk/b.c: this circle '
      'is gone, take it out of circles.allowed']),
    ('an allowed circle that is gone', '', {}, ['include: src/walk/a.h src/walk/b.h'],
     ['include: src/walk/a.h src/walk/b.h: this circle is gone, take it out of circles.allowed']),
]


def self_test():
    failed = False
    print(f'1..{len(CASES)}')
    for number, (what, symbols, files, allowed, wanted) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**FILES, **files}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            graphs = {INCLUDED: include_graph(root), USED: use_graph(SYMBOLS + symbols, SOURCES)}
            found = [line for line, _ in judge(graphs, allowed)[0]]
        good = found == wanted
        failed |= not good
        print('ok' if good else 'not ok', number, '-', what)
        if not good:
            print(f'# found {found}')
    return int(failed)


if __name__ == '__main__':
    if sys.argv[1:] == ['--self-test']:
        sys.exit(self_test())
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(check(*sys.argv[1:]))
