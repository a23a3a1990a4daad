#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Software bill of materials of a built program, as SPDX 2.3 JSON: what it links, from which Debian packages.

sbom.py PROGRAM VERSION [OUT]. The same program on the same system gives the same bytes."""
import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.parse



def text_of(*command):
    p = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
    return p.stdout if p.returncode == 0 else ""


def needed(program):
    """(library name, path) of all that the program asks for directly."""
    names = re.findall(r"\(NEEDED\).*\[(.+)\]", text_of("readelf", "-dW", program))
    found = text_of("ldd", program)
    paths = dict(re.findall(r"^\s*(\S+) => (\S+)", found, re.M))
    paths.update((os.path.basename(path), path) for path in re.findall(r"^\s*(/\S+) \(", found, re.M))
    return [(name, paths.get(name, "")) for name in sorted(names)]


def owner(path):
    """Debian package that a file came from, "" where there is none."""
    real = os.path.realpath(path)
    for candidate in (path, real, real.replace("/usr/lib/", "/lib/", 1), "/usr" + real):
        found = text_of("dpkg-query", "-S", candidate)
        if found:
            return found.split(":", 1)[0]
    return ""


def package_of(name):
    """An SPDX package of an installed Debian package."""
    line = text_of("dpkg-query", "-W", "-f", "${Version}\\t${Architecture}\\t${source:Package}\\t${source:Version}\\t${Homepage}\n", name)
    version, arch, source, source_version, home = (line.splitlines() or ["\t\t\t\t"])[0].split("\t")
    out = {
        "SPDXID": "SPDXRef-deb-" + re.sub(r"[^A-Za-z0-9.-]", "-", name),
        "name": name,
        "versionInfo": version or "unknown",
        "supplier": "Organization: Debian",
        "downloadLocation": home or "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
    }
    if version:
        out["sourceInfo"] = f"built from source package {source} {source_version}"
        out["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                "referenceLocator": f"pkg:deb/debian/{name}@{urllib.parse.quote(version)}?arch={arch}"}]
    return out


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def document(program, version):
    own = {
        "SPDXID": "SPDXRef-headrace", "name": "headrace", "versionInfo": version, "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION", "primaryPackagePurpose": "APPLICATION",
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest(program)}],
    }
    packages, relations = {}, []
    for name, path in needed(program):
        package = package_of(owner(path) or name)
        packages[package["SPDXID"]] = package
        link = {"spdxElementId": "SPDXRef-headrace", "relationshipType": "DYNAMIC_LINK", "relatedSpdxElement": package["SPDXID"]}
        link["comment"] = name
        relations.append(link)
    compilers = text_of("readelf", "-p", ".comment", program)
    tools = [name for name, mark in (("gcc", "GCC:"), ("clang", "clang version")) if mark in compilers]
    for name in tools + ["meson", "ninja-build"]:
        if text_of("dpkg-query", "-W", name):
            package = package_of(name)
            packages[package["SPDXID"]] = package
            relations.append({"spdxElementId": package["SPDXID"], "relationshipType": "BUILD_TOOL_OF",
                              "relatedSpdxElement": "SPDXRef-headrace"})
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"headrace-{version}",
        # both follow from the program's bytes: a build says the same whenever and wherever it is made
        "documentNamespace": f"urn:sha256:{digest(program)}",
        "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: headrace-sbom"]},
        "documentDescribes": ["SPDXRef-headrace"],
        "packages": [own] + [packages[key] for key in sorted(packages)],
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                           "relatedSpdxElement": "SPDXRef-headrace"}] + relations,
    }


def main():
    if len(sys.argv) < 3:
        sys.exit("sbom.py PROGRAM VERSION [OUT]")
    text = json.dumps(document(sys.argv[1], sys.argv[2]), indent=2) + "\n"
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w", encoding="utf-8") as f:
            f.write(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
