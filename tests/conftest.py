# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every test of the tool may use. meson sets MMUSCOPE and MMUSCOPE_FIXTURES."""
import json
import os
import pathlib
import subprocess

import pytest

TIMEOUT_SECONDS = 60


def from_environment(name):
    if not os.environ.get(name):
        pytest.fail(f'{name} is not set: run this through `meson test`', pytrace=False)
    return os.environ[name]


def build_option(name):
    """What the build under test was set up with."""
    build = pathlib.Path(from_environment('MMUSCOPE')).parents[2]
    options = json.loads((build / 'meson-info/intro-buildoptions.json').read_text())
    return next(option['value'] for option in options if option['name'] == name)


def sanitizers():
    """Names of those in the build under test; meson has them as a text, since 1.8 as a list."""
    found = build_option('b_sanitize')
    found = found.split(',') if isinstance(found, str) else found
    return [name for name in found if name != 'none']


@pytest.fixture(scope='session')
def mmuscope():
    """mmuscope('walk', image, ..., input=text): run the tool; stdout and stderr are text.

    Its exit status is for the caller to judge, but must be one that is documented: a sanitizer's
    report or a signal fails the test here.
    """
    tool = from_environment('MMUSCOPE')
    # what the user's own environment names is no part of a test
    for name in 'MMUSCOPE_SYMBOLS', 'MMUSCOPE_DEBUG_DIR', 'DEBUGINFOD_URLS':
        os.environ.pop(name, None)

    # whoever runs the tests may have exported how wide their terminal is
    basis = {name: value for name, value in os.environ.items() if name != 'COLUMNS'}

    def run(*arguments, input=None, env=None):
        command = [tool, *map(str, arguments)]
        done = subprocess.run(command, input=input or '', env={**basis, **(env or {})},
                              capture_output=True, text=True, errors='replace',
                              timeout=TIMEOUT_SECONDS)
        if done.returncode not in (0, 1, 2, 3):
            pytest.fail(f'{" ".join(command)}: status {done.returncode}\n{done.stderr}',
                        pytrace=False)
        return done

    return run


@pytest.fixture(scope='session')
def fixture_dir():
    """The folder of the unpacked dumps."""
    return pathlib.Path(from_environment('MMUSCOPE_FIXTURES'))
