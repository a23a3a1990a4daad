# SPDX-License-Identifier: Apache-2.0
"""The cases of the technical analysis library are as their definitions make them, and what says it follows TA-Lib gives TA-Lib's
values, where it is installed (HR_PYTHON names a Python that has talib and numpy)."""
import os
import subprocess
import sys

import tap

TOOL = os.path.join(tap.ROOT, "tools", "ta_cases.py")


def main():
    done = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True)
    tap.check("cases are as they are made", done.returncode == 0, done.stdout + done.stderr)
    python = tap.python_with("talib", "numpy")
    if python is None:
        print("# talib is not installed (HR_PYTHON names a Python that has it): TA-Lib was not asked")
    else:
        done = subprocess.run([python, TOOL, "--talib"], capture_output=True, text=True)
        print("# " + done.stdout.strip())
        tap.check("definitions with TA-Lib's seed give TA-Lib's values", done.returncode == 0, done.stdout + done.stderr)
    tap.finish()


if __name__ == "__main__":
    main()
