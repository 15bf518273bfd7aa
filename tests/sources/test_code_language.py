"""The language of a file: by its name, its ending, its first lines, and its content where these do not say."""

from __future__ import annotations

import pytest

from pipeline.sources.code import language as language_module
from pipeline.sources.code.language import language_of
from pipeline.sources.code.language_names import INTERPRETERS, MAGIKA
from pipeline.sources.code.languages import AMBIGUOUS


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("a.py", "", "Python"),
        ("a/B.PYI", "", "Python"),
        ("Makefile", "", "Makefile"),
        ("Makefile.am", "", "Makefile"),
        ("Dockerfile.dev", "", "Dockerfile"),
        ("README", "", "Text"),
        ("BUILD", "", "Starlark"),
        ("docs/NEWS.in", "", "Text"),
        ("ChangeLog", "", "Text"),
        ("install", "#!/bin/sh\n", "Shell"),
        ("INSTALL", "#!/bin/sh\n", "Shell"),
        ("build", "#!/usr/bin/env python3\n", "Python"),
        ("Snakefile", "#!/usr/bin/env python3\n", "Snakemake"),
        ("a.md", "", "Markdown"),
        ("a.cmake.in", "", "CMake"),
        ("a.cmake.in.in", "", "CMake"),
        ("a.t", "#!/usr/bin/perl6\n", "Raku"),
        ("a.r", "#!/usr/bin/env Rscript\n", "R"),
        ("page.html.erb", "", "HTML+ERB"),
        ("requirements-dev.txt", "", "Pip Requirements"),
        ("tool", "#!/usr/bin/env python3\n", "Python"),
        ("tool", "#!/usr/bin/env -S LANG=C perl -w\n", "Perl"),
        ("tool", "#! /bin/sh -e\n", "Shell"),
        ("tool", "#!/usr/local/bin/node18\n", "JavaScript"),
        ("a.1", ".TH A 1\n", "Roff Manpage"),
        ("a.1", "one\n", None),
        ("a.xyz9", "import os\n" * 9, None),
        ("a.h", "#define A 1\nint f(void);\n", "C"),
        ("a.h", '#ifdef __cplusplus\nextern "C" {\nclass A;\n#endif\nint f(void);\n', "C"),
        ("a.h", "// class of things\nint f(void);\n", "C"),
        ("a.h", "#include <vector>\n", "C++"),
        ("a.h", "  template <typename T>\nT f();\n", "C++"),
        ("a.h", "#import <Foundation/Foundation.h>\n@interface A\n@end\n", "Objective-C"),
        ("a.h", "/* -*- mode: c++ -*- */\nint f();\n", "C++"),
        ("a.ts", "export const a: number = 1;\n", "TypeScript"),
        ("a.ts", '<?xml version="1.0"?>\n<TS></TS>\n', "XML"),
        ("a.d", "module a;\n", "D"),
        ("a.d", "a.o: a.c\n", None),
        ("a.pl", "#!/usr/bin/perl\n", "Perl"),
        ("a.y", "%%\n", "Yacc"),
    ],
)
def test_the_language_by_name_ending_and_first_lines(path: str, text: str, language: str | None) -> None:
    assert language_of(path, text) == language


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("a.m", "function y = f(x)\n% Doubles its argument.\ny = 2 * x;\nend\n" * 4, "MATLAB"),
        ("a.m", '#import "A.h"\n@implementation A\n- (void)run { NSLog(@"x"); }\n@end\n' * 4, "Objective-C"),
        ("a.pl", "parent(a, b).\nparent(b, c).\nolder(X, Y) :- parent(X, Y).\n" * 4, "Prolog"),
        ("a.w", '#include <stdio.h>\nint main(void) { return printf("one"); }\n' * 4, "C"),
        ("a.w", "Dear all,\nwe meet on Monday, as we always do.\n" * 4, None),
        ("news", "import os\nimport sys\n\ndef main():\n    print(os.getcwd(), sys.argv)\n" * 4, "Python"),
        ("configure", "import os\nimport sys\n\ndef main():\n    print(os.getcwd(), sys.argv)\n" * 4, "Python"),
    ],
)
def test_the_language_by_content(path: str, text: str, language: str | None) -> None:
    assert language_of(path, text) == language


@pytest.mark.parametrize("ending", ["as", "cs", "fs", "ml", "mod", "r", "sc", "t", "v", "y"])
def test_no_network_runs_where_its_answer_would_change_nothing(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str) -> str:
        raise AssertionError(text)

    monkeypatch.setattr(language_module, "_label", refuse)
    assert (language_of(f"a.{ending}", "let x = 1\n") is None) == (ending == "mod")


def test_every_language_that_an_ending_may_mean_can_be_found() -> None:
    told = {*MAGIKA.values(), *INTERPRETERS.values(), *language_module._EMACS.values()}
    assert {language for _, *others in AMBIGUOUS.values() for language in others} <= told
