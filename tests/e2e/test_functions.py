# SPDX-License-Identifier: Apache-2.0
"""The page of functions is as the program lists them."""
import os
import subprocess
import sys

import tap


def main():
    tool = os.path.join(tap.ROOT, "tools", "op_docs.py")
    done = subprocess.run([sys.executable, tool, "--check", tap.EXE], capture_output=True, text=True)
    tap.check("docs/FUNCTIONS.md is as tools/op_docs.py makes it", done.returncode == 0, done.stdout + done.stderr)
    tap.finish()


if __name__ == "__main__":
    main()
