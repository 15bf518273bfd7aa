"""What is declared of a licence: tables of headers, expressions, metadata; real licence files of what is installed."""

from __future__ import annotations

from importlib.metadata import Distribution, distributions
from pathlib import Path
from textwrap import wrap

import pytest

from pipeline.licences import identify
from pipeline.licences.expression import expression, ids_of, named
from pipeline.sources.code.licence import Licences, name_and_version
from pipeline.sources.code.licence_header import holder, in_header, licence_of
from pipeline.sources.code.manifest import licence_of_manifest
from pipeline.sources.code.paths import is_licence
from tests.licences.texts import ISC, MIT

ROOT = Path(__file__).parent.parent.parent
APACHE = (ROOT / "LICENSE").read_text(encoding="utf-8")
POM = "<project><licenses>" + "<license><name>{}</name></license>" * 2 + "</licenses></project>"
POM = POM.format("The Apache License, Version 2.0", "MIT")
R_PACKAGE = "Package: mills\nVersion: 1.0\nLicense: MIT + file LICENSE\nEncoding: UTF-8\n"
FILLED_IN = "YEAR: 2020\nCOPYRIGHT HOLDER: The authors of mills\n"
SAID_OTHERWISE = {"PSF-2.0": {"Python-2.0.1", "0BSD"}}
"""Packages with all of Python's licences in their file call them by the first."""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("MIT", "MIT"),
        ("mit", "MIT"),
        ("Apache-2.0 OR MIT", "Apache-2.0 OR MIT"),
        ("apache-2.0 or mit", "Apache-2.0 OR MIT"),
        ("(MIT AND  BSD-3-Clause) OR ISC", "(MIT AND BSD-3-Clause) OR ISC"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("GPL-2.0-or-later WITH Classpath-exception-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
        ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception"),
        ("LicenseRef-Ours", "LicenseRef-Ours"),
        ("CDDL-1.0+", "CDDL-1.0+"),
        ("BSD", None),
        ("MIT BSD-3-Clause", None),
        ("MIT OR", None),
        ("(MIT", None),
        ("MIT)", None),
        ("MIT/Apache-2.0", None),
        ("No-Such-1.0", None),
        ("GPL-9.0", None),
        ("", None),
        ("MIT OR " * 50 + "MIT", None),
    ],
)
def test_an_expression(words: str, expected: str | None) -> None:
    assert expression(words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("MIT License", "MIT"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("New BSD License", "BSD-3-Clause"),
        ("BSD", None),
        ("Apache", None),
        ("GPL", None),
        ("Dual License", None),
        ("UNLICENSED", None),
        ("Public Domain", None),
        ("SEE LICENSE IN LICENSE.md", None),
    ],
)
def test_a_name(words: str, expected: str | None) -> None:
    assert named(words) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("# SPDX-License-Identifier: MIT\n", "MIT"),
        ("/* SPDX-License-Identifier: GPL-2.0 */\n", "GPL-2.0-only"),
        ("<!-- SPDX-License-Identifier: MIT -->\n", "MIT"),
        ("// SPDX-License-Identifier: (MIT OR Apache-2.0)\n", "(MIT OR Apache-2.0)"),
        ("#\n" * 59 + "# SPDX-License-Identifier: MIT\n", "MIT"),
        ("#\n" * 60 + "# SPDX-License-Identifier: MIT\n", False),
        ("# SPDX-License-Identifier: MIT\n# SPDX-License-Identifier: ISC\n", "ISC AND MIT"),
        ("# SPDX-License-Identifier: Our-Own\n", None),
        ('tag = re.compile("SPDX-License-Identifier: MIT")\n', False),
        ('# Licensed under the Apache License, Version 2.0 (the "License");\n', "Apache-2.0"),
        ("# Licensed under the Apache License,\n# Version 2.0\n", "Apache-2.0"),
        ("// This Source Code Form is subject to the terms of the Mozilla\n// Public License, v. 2.0.\n", "MPL-2.0"),
        ("# Licensed under the MIT License.\n", "MIT"),
        ("# Licensed under the MIT License and the Apache License, Version 2.0\n", None),
        (
            " * redistribute it under the terms of the GNU General Public License as published by the Free Software"
            " Foundation; either version 2 of the License, or (at your option) any later version.\n",
            "GPL-2.0-or-later",
        ),
        (
            " * under the terms of the GNU Lesser General Public\n * License as published; version 2.1 of it.\n",
            "LGPL-2.1-only",
        ),
        ("# under the terms of the GNU General Public License\n", None),
        ("# Proprietary and confidential. Copying is forbidden.\n", None),
        ("# under the terms of the Eclipse Public License; subject to the terms of the Eclipse one\n", None),
        ("# governed by a BSD-style license in the LICENSE file\n", False),
        ("import os\n", False),
    ],
)
def test_a_header(header: str, expected: str | bool | None) -> None:
    """False: it says nothing; None: it says something that is no licence we can name."""
    found = in_header(header + "x = 1\n")
    assert (found is None) if expected is False else (found is not None and found.licence == expected)


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        ("# Copyright (c) 2019-2024 Ada Example <ada@example.org>\n", "Ada Example <ada@example.org>"),
        ("/* Copyright 2020 The Mill Authors. All rights reserved. */\n", "The Mill Authors"),
        ("(c) 2001, 2002 by Ada Example\n", "Ada Example"),
        (":copyright: Copyright 2006-present by the Mill team\n", "the Mill team"),
        ("Copyright Example Ltd, 1981, 2008.  All rights reserved.\n", "Example Ltd"),
        ("Copyright (c) <year> <owner>\n", None),
        ("the above copyright notice and this\n", None),
        ('regex("Copyright (.*) Foo")\n', None),
        ("x = 1\n", None),
    ],
)
def test_a_holder(notice: str, expected: str | None) -> None:
    assert holder(notice) == expected


def test_a_whole_text_in_a_header_is_read_to_the_end_of_its_disclaimer() -> None:
    def header(text: str) -> str:
        return "# Copyright 2020 Ada\n" + "".join(f"# {line}\n" for line in wrap(text, 70)) + "\nimport os\n"

    found = in_header(header(ISC))
    assert found is not None
    assert found.licence == "ISC"
    altered = in_header(header(ISC.replace("for any purpose", "for any non-commercial purpose")))
    assert altered is not None
    assert altered.licence is None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("# Banks need a paper from us.\n#\n# By Ada.\n#\n# In 2020.\n#\n{licence}\nimport os\n", None),
        ("# Banks need a paper from us.\n\n\n\n\n{licence}\nimport os\n", None),
        ("{licence}#\n#\n#\n#\n#\n# Resale excluded.\nimport os\n", None),
        ("{licence}\n\n\n\n\n\n# Banks need a paper from us.\nimport os\n", None),
        ('"""For internal use only, says Ada."""\n\n\n\n\n{licence}\nimport os\n', None),
        ("{licence}\nimport os\n\n\n\n\n# Banks need a paper from us.\n", "ISC"),
        ("# The driver of a timer.\n\n\n\n\n{licence}\nimport os\n", "ISC"),
    ],
)
def test_what_stands_in_the_comments_of_a_head_is_heard_however_far_from_the_licence(
    head: str, expected: str | None
) -> None:
    licence = "".join(f"# {line}\n" for line in ("Copyright 2020 Ada", *wrap(ISC, 70)))
    found = in_header(head.format(licence=licence))
    assert found is not None
    assert found.licence == expected


def test_one_sentence_more_and_a_licence_file_is_unknown() -> None:
    def file(text: str) -> str | None:
        return declared({"LICENSE": text}, "a.py")[0]

    assert file(APACHE) == "Apache-2.0"
    assert file("Copyright 2026 Ada Example\n\n" + APACHE) == "Apache-2.0"
    assert file("\n".join(f"# {line}" for line in APACHE.splitlines())) == "Apache-2.0"
    assert file(APACHE + "\nThe Software shall be used for good, not evil.\n") is None
    assert file("Files in contrib are under other terms.\n" + APACHE) is None
    assert file(APACHE.replace("irrevocable", "revocable")) is None
    assert file(APACHE[: len(APACHE) // 2]) is None
    assert file("") is None


def declared(files: dict[str, str], path: str) -> tuple[str | None, str | None]:
    licences = Licences()
    for name, text in files.items():
        licences.add(name, text.encode())
    found = licences.of(path)
    return found.licence, found.where


TAG = "SPDX-License-Identifier: "
NPM_MIT = {"package.json": '{"license": "MIT"}'}


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        ({"t/LICENSE": APACHE}, "t/a/b.py", ("Apache-2.0", "t/LICENSE")),
        ({"LICENSE": APACHE}, "a.py", ("Apache-2.0", "LICENSE")),
        ({"LICENSE": APACHE, "a/LICENSE": TAG + "MIT"}, "a/b/c.py", ("MIT", "a/LICENSE")),
        ({"LICENSE": APACHE, "a/LICENSE": TAG + "MIT"}, "b.py", ("Apache-2.0", "LICENSE")),
        ({"LICENSE": APACHE, "a/LICENSE": "Do as I say."}, "a/b.py", (None, None)),
        ({"LICENSE-APACHE": APACHE, "LICENSE-MIT": TAG + "MIT"}, "a.rs", ("Apache-2.0 AND MIT", "LICENSE-APACHE")),
        (
            {
                "LICENSE-APACHE": APACHE,
                "LICENSE-MIT": TAG + "MIT",
                "Cargo.toml": '[package]\nlicense = "MIT OR Apache-2.0"\n',
            },
            "a.rs",
            ("MIT OR Apache-2.0", "Cargo.toml"),
        ),
        (
            {"COPYING": TAG + "GPL-3.0-only", "package.json": '{\n  "license": "GPL-3.0-or-later"\n}'},
            "a.js",
            ("GPL-3.0-or-later", "package.json"),
        ),
        ({"LICENSE": APACHE, "package.json": '{\n  "license": "MIT"\n}'}, "a.js", ("Apache-2.0", "LICENSE")),
        ({"LICENSE": "Ours.", "pyproject.toml": 'license = {text = "MIT"}\n'}, "a.py", (None, None)),
        ({"LICENSE": "No part may be copied.", **NPM_MIT}, "a.js", (None, None)),
        ({"LICENSE": MIT.replace("subject to", "for good, not evil, subject to"), **NPM_MIT}, "a.js", (None, None)),
        (
            {"LICENSE": f"{MIT}\n\nNobody may sell it.", **NPM_MIT},
            "a.js",
            (None, None),
        ),
        (
            {"LICENSE": "Either of LICENSE.A and LICENSE.B.", "LICENSE.A": TAG + "MIT", "LICENSE.B": TAG + "ISC"}
            | {"package.json": '{"license": "MIT OR ISC"}'},
            "a.js",
            ("MIT OR ISC", "package.json"),
        ),
        (
            {"package.json": '{"name":"a","license":"(MIT OR GPL-2.0)"}'},
            "a.js",
            ("(MIT OR GPL-2.0-only)", "package.json"),
        ),
        (
            {"package.json": '{"licenses": [{"type": "MIT"}, {"type": "Apache-2.0"}]}'},
            "a.js",
            ("MIT OR Apache-2.0", "package.json"),
        ),
        ({"package.json": '{"dependencies": {"license": "MIT"}}'}, "a.js", (None, None)),
        ({"package.json": '{"license": "UNLICENSED"}'}, "a.js", ("LicenseRef-proprietary", "package.json")),
        (
            {"package.json": '{"license": "UNLICENSED"}', "LICENSE": TAG + "MIT"},
            "a.js",
            ("LicenseRef-proprietary AND MIT", "package.json"),
        ),
        ({"composer.json": '{"license": "UNLICENSED"}', "LICENSE": TAG + "MIT"}, "a.php", ("MIT", "LICENSE")),
        *(
            ({f"ee/{name}": text, "LICENSE": TAG + "MIT"}, "ee/a.x", ("LicenseRef-proprietary", f"ee/{name}"))
            for name, text in (
                ("composer.json", '{"license": "proprietary"}'),
                ("package.json", '{"license": "Commercial"}'),
                ("Cargo.toml", '[package]\nlicense = "Acme Proprietary"\n'),
                (
                    "pyproject.toml",
                    '[project]\nlicense = {text = "Proprietary"}\n'
                    'classifiers = ["License :: OSI Approved :: MIT License"]\n',
                ),
                ("pyproject.toml", '[project]\nclassifiers = ["License :: Other/Proprietary License"]\n'),
                ("setup.cfg", "[metadata]\nlicense = Proprietary\n"),
                ("pom.xml", "<licenses><license><name>Acme Commercial License</name></license></licenses>"),
                ("DESCRIPTION", "Package: x\nLicense: Proprietary\n"),
                ("x.gemspec", "  s.license = 'Commercial'\n"),
            )
        ),
        ({"composer.json": '{"license": "MIT or commercial"}', "LICENSE": TAG + "MIT"}, "a.x", ("MIT", "LICENSE")),
        ({"package.json": '{"license": ' + "[" * 9999}, "a.js", (None, None)),
        ({"composer.json": '{"license": ["ISC", "BSD-3-Clause"]}'}, "a.php", ("ISC OR BSD-3-Clause", "composer.json")),
        ({"composer.json": '{"license": ["ISC", "my own"]}'}, "a.php", (None, None)),
        ({"Cargo.toml": '[package]\nlicense = "MIT/Apache-2.0"\n'}, "a.rs", ("MIT OR Apache-2.0", "Cargo.toml")),
        (
            {"pyproject.toml": '[project]\nclassifiers = ["License :: OSI Approved :: MIT License"]\n'},
            "a.py",
            ("MIT", "pyproject.toml"),
        ),
        ({"pyproject.toml": '[tool.poetry]\nlicense = "ISC"\n'}, "a.py", ("ISC", "pyproject.toml")),
        ({"pyproject.toml": '[tool.checker]\nlicense = "ISC"\n'}, "a.py", (None, None)),
        ({"p/DESCRIPTION": R_PACKAGE}, "p/R/a.R", ("MIT", "p/DESCRIPTION")),
        ({"p/DESCRIPTION": R_PACKAGE, "p/LICENSE": FILLED_IN}, "p/R/a.R", ("MIT", "p/DESCRIPTION")),
        (
            {"DESCRIPTION": R_PACKAGE, "LICENSE": FILLED_IN, "LICENSE.md": TAG + "MIT"},
            "R/a.R",
            ("MIT", "DESCRIPTION"),
        ),
        ({"DESCRIPTION": R_PACKAGE.replace("MIT", "GPL-3"), "LICENSE": FILLED_IN}, "R/a.R", (None, None)),
        ({"DESCRIPTION": R_PACKAGE, "LICENSE": FILLED_IN + "No commercial use.\n"}, "R/a.R", (None, None)),
        ({"p/LICENSE": FILLED_IN, "LICENSE": TAG + "ISC"}, "p/a.R", (None, None)),
        ({"x.gemspec": '  s.licenses = ["MIT".freeze]\n'}, "lib/x.rb", ("MIT", "x.gemspec")),
        ({"x.gemspec": '  s.license = "MIT"\n', "LICENSE": TAG + "ISC"}, "lib/x.rb", ("ISC", "LICENSE")),
        ({"m/pom.xml": POM}, "m/src/A.java", ("Apache-2.0 OR MIT", "m/pom.xml")),
        ({"m/pom.xml": POM, "LICENSE": TAG + "ISC"}, "m/A.java", ("Apache-2.0 OR MIT", "m/pom.xml")),
        ({"setup.cfg": "[metadata]\nlicense = BSD-3-Clause\n"}, "a/b.py", ("BSD-3-Clause", "setup.cfg")),
        ({"setup.cfg": "[metadata]\nlicense = BSD\n"}, "a/b.py", (None, None)),
        ({"a-1.dist-info/licenses/LICENSE": APACHE}, "a/b.py", ("Apache-2.0", "a-1.dist-info/licenses/LICENSE")),
        (
            {"a-1.dist-info/METADATA": "Name: a\nLicense-Expression: MIT\nLicense: x\n\nLicense: ISC\n"},
            "a/b.py",
            ("MIT", "a-1.dist-info/METADATA"),
        ),
        (
            {"a/PKG-INFO": "Name: a\nClassifier: License :: OSI Approved :: MIT License\n"},
            "a/b.py",
            ("MIT", "a/PKG-INFO"),
        ),
        ({"a/PKG-INFO": "Name: a\nClassifier: License :: OSI Approved :: BSD License\n"}, "a/b.py", (None, None)),
        ({"LICENSES/MIT.txt": TAG + "MIT"}, "a/b.py", ("MIT", "LICENSES/MIT.txt")),
        ({"NOTICE": "This product includes things.\n"}, "a/b.py", (None, None)),
        (
            {"COPYING": TAG + "GPL-3.0-only", "COPYING.LESSER": TAG + "LGPL-3.0-only"},
            "a.c",
            ("LGPL-3.0-only", "COPYING"),
        ),
        ({}, "a/b.py", (None, None)),
    ],
)
def test_the_nearest_folder_that_says_anything(
    files: dict[str, str], path: str, expected: tuple[str | None, str | None]
) -> None:
    assert declared(files, path) == expected


def test_a_package_has_a_url() -> None:
    assert name_and_version("Name: Mill_Wheel\nVersion: 1.2\n\nName: other\n") == "pkg:pypi/mill-wheel@1.2"
    assert name_and_version("Name: mill\n") is None


def _licence_files(distribution: Distribution) -> list[str]:
    return [
        path.read_text(encoding="utf-8")
        for path in distribution.files or []
        if is_licence(str(path)) and ".dist-info" in str(path) and not path.name.upper().startswith("NOTICE")
    ]


def test_texts_of_installed_packages_are_what_their_metadata_say() -> None:
    """The licences in the one licence file of a package are those of its metadata, or these and what it bundles."""
    checked, wrong = 0, []
    for distribution in distributions():
        said = distribution.metadata.get("License-Expression")
        texts = _licence_files(distribution) if said else []
        known = licence_of(identify(texts[0])) if len(texts) == 1 else None
        if known is not None:
            checked += 1
            found, stated = ids_of(known), ids_of(expression(said) or "")
            if not (found <= stated | SAID_OTHERWISE.get(said, set()) or stated <= found):
                wrong.append((distribution.name, said, known))
    assert wrong == []
    assert checked >= 3


@pytest.mark.parametrize("depth", [2, 600, 5000])
def test_lists_within_lists_of_a_manifest_say_nothing(depth: int) -> None:
    assert licence_of_manifest("package.json", f'{{"license": {"[" * depth}"MIT"{"]" * depth}}}') is None
