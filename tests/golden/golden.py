# SPDX-License-Identifier: Apache-2.0
"""Texts that must come out as they were: files beside this one. HR_GOLDEN_RENEW=1 writes them anew."""
import os

import tap


def kept(name, got):
    """What the file says, once renewed where that is asked for."""
    path = os.path.join(tap.ROOT, "tests", "golden", name)
    if os.environ.get("HR_GOLDEN_RENEW"):
        with open(path, "w", encoding="utf-8") as f:
            f.write(got)
    with open(path, encoding="utf-8") as f:
        return f.read()


def check(what, got, want):
    pairs = zip(got.splitlines(), want.splitlines())
    wrong = [f"line {i + 1}: {g!r}, not {w!r}" for i, (g, w) in enumerate(pairs) if g != w]
    tap.check(f"{what}: {len(want.splitlines())} lines as they were", got == want, "\n".join(wrong) or "another number of lines")
