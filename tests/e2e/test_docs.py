# SPDX-License-Identifier: Apache-2.0
"""Every command that the documents show works as shown."""
import os
import re
import subprocess

import tap


def main():
    os.environ["PATH"] = os.path.dirname(tap.EXE) + os.pathsep + os.environ["PATH"]
    verbs = subprocess.run([os.path.join(tap.ROOT, "dev"), "help"], capture_output=True, text=True).stdout
    pages = ["README.md"] + [os.path.join("docs", f) for f in sorted(os.listdir(os.path.join(tap.ROOT, "docs"))) if f.endswith(".md")]
    for page in pages:
        with open(os.path.join(tap.ROOT, page), encoding="utf-8") as f:
            blocks = re.findall(r"```sh\n(.*?)```", f.read(), re.S)
        for command in [line for block in blocks for line in block.splitlines() if line.strip()]:
            if command.startswith("./dev "):
                tap.check(f"{page}: {command}", command.split()[1] in verbs)
                continue
            p = subprocess.run(["bash", "-c", command], cwd=tap.SCRATCH, capture_output=True, text=True)
            tap.check(f"{page}: {command}", p.returncode == 0, p.stderr)
    for verb in ("run", "convert", "gen", "inspect", "verify"):
        code, out, _ = tap.run(verb, "-h")
        tap.check(f"{verb} -h has an example", code == 0 and "example:" in out)
    tap.finish()


main()
