# SPDX-License-Identifier: Apache-2.0
"""Documents against the program: every command shown works, every verb, option and key named exists, and none is missing."""
import os
import re
import subprocess

import tap

SECTIONS = "input|output|book|features|numbers|engine|limits"


def pages():
    for folder in ("", "docs", os.path.join("docs", "modules")):
        full = os.path.join(tap.ROOT, folder)
        for name in sorted(os.listdir(full)):
            if name.endswith(".md"):
                with open(os.path.join(full, name), encoding="utf-8") as f:
                    yield os.path.join(folder, name), f.read()


def program():
    """Verbs of the program and the options of each."""
    verbs = re.findall(r"^  headrace (\w+) ", tap.run("-h")[1], re.M)
    return {v: set(re.findall(r"^  (--[\w-]+)", tap.run(v, "-h")[1], re.M)) for v in verbs}


def dev_verbs():
    text = subprocess.run([os.path.join(tap.ROOT, "dev"), "help"], capture_output=True, text=True).stdout
    return set(re.findall(r"^\./dev (\w+)", text, re.M))


def blocks(text, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.S | re.M)


def run_commands(page, text, dev):
    folder = os.path.join(tap.SCRATCH, page.replace("/", "-"))
    os.makedirs(folder)
    for name in ("examples", "include"):  # as from the source's folder
        os.symlink(os.path.join(tap.ROOT, name), os.path.join(folder, name))
    for command in [line for block in blocks(text, "sh") for line in block.splitlines() if line.strip()]:
        if command.startswith("./dev "):
            tap.check(f"{page}: {command}", command.split()[1] in dev)
            continue
        p = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, capture_output=True, text=True)
        tap.check(f"{page}: {command}", p.returncode == 0, p.stderr)


def check_plans(page, text):
    for number, block in enumerate(blocks(text, "yaml"), 1):
        path = os.path.join(tap.SCRATCH, "plan.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(re.sub(r"paths: \[.*?\]", "paths: [absent]", block))
        code, _, err = tap.run("run", path)
        tap.check(f"{page}: plan {number} is taken", code == 4 and "'absent'" in err or "no input" in err, err)


def check_names(page, text, verbs, dev):
    """What stands in code: `headrace VERB --option`, `--option`, `./dev VERB`, `section.key`."""
    every = set().union(*verbs.values()) | {"--help", "--version"}
    code = blocks(text, "sh") + re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
    wrong = []
    for piece in code:
        for command in re.split(r"[;|\n]|&&", piece):
            words = command.split()
            if words[:1] == ["./dev"]:
                wrong += [command] if words[1:] and words[1] not in dev | {"help"} else []
                continue
            known = every
            if words[:1] == ["headrace"] and len(words) > 1 and re.fullmatch(r"\w+", words[1]):
                wrong += [command] if words[1] not in verbs else []
                known = verbs.get(words[1], set()) | {"--help"}
            elif words[:1] and not words[0].startswith("--") and words[0] != "headrace":
                continue
            wrong += [f"{command}: {o}" for o in re.findall(r"(?<!\S)(--[a-z][\w-]*)", command) if o not in known]
        wrong += [key for key in re.findall(rf"(?<![\w./-])(?:{SECTIONS})\.[a-z_]+(?![\w.(/])", piece) if not is_key(key)]
    tap.check(f"{page}: every name in code exists", not wrong, "\n".join(wrong))


_keys = {}


def is_key(name):
    if name not in _keys:
        section, key = name.split(".")
        path = os.path.join(tap.SCRATCH, "key.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"{section}:\n  {key}: {{}}\n")
        _keys[name] = "unknown" not in tap.run("run", path)[2]
    return _keys[name]


def check_complete(text_of, verbs):
    """docs/modules/app.md lists exactly the verbs and options, plan.md exactly the keys."""
    table = {m.group(1): set(re.findall(r"`(--[\w-]+)`", m.group(0)))
             for m in re.finditer(r"^\| `(\w+)` \|.*$", text_of["docs/modules/app.md"], re.M)}
    tap.check("app.md: the verbs there are", set(table) == set(verbs), set(table) ^ set(verbs))
    for verb in sorted(set(table) & set(verbs)):
        tap.check(f"app.md: the options of {verb}", table[verb] == verbs[verb], table[verb] ^ verbs[verb])
    with open(os.path.join(tap.ROOT, "src", "pipe", "plan.c"), encoding="utf-8") as f:
        keys = {".".join(k) for k in re.findall(r'^    \{"(\w+)", "(\w+)", V_', f.read(), re.M)}
    rows = "".join(re.findall(r"^\| `.*?\|", text_of["docs/modules/plan.md"], re.M))
    told = set(re.findall(r"`([\w.]+)`", rows))
    tap.check("plan.md: the keys there are", told == keys and len(keys) > 20, told ^ keys)


def main():
    os.environ["PATH"] = os.path.dirname(tap.EXE) + os.pathsep + os.environ["PATH"]
    verbs, dev, text_of = program(), dev_verbs(), dict(pages())
    for page, text in text_of.items():
        run_commands(page, text, dev)
        check_plans(page, text)
        check_names(page, text, verbs, dev)
    check_complete(text_of, verbs)
    for verb in verbs:
        code, out, _ = tap.run(verb, "-h")
        tap.check(f"{verb} -h has an example", code == 0 and f"\nexample: headrace {verb} " in out)
    tap.finish()


main()
