"""What a gemspec declares."""

from __future__ import annotations

import pytest

from pipeline.sources.code.gemspec import licence_of_gemspec


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('s.license = "MIT"', "MIT"),
        ("spec.license     = 'Apache-2.0'", "Apache-2.0"),
        ('s.licenses = ["MIT".freeze]', "MIT"),
        ("gem.licenses = ['LGPL-3.0+']", "LGPL-3.0-or-later"),
        ("s.licenses = %w[BSD-2-Clause]", "BSD-2-Clause"),
        ('s.license = "MIT" # since 2.0', "MIT"),
        ('s.licenses = ["Ruby".freeze, "GPL-2.0".freeze]', None),
        ("s.licenses = %w[MIT GPL-2.0]", None),
        ('s.license = "MIT"\n  s.license = "ISC"', None),
        ('s.license = "MIT"\n  s.licenses << "ISC"', None),
        ('s.license = "MIT" if free', None),
        ('s.license = "MIT" + more', None),
        ('s.license = "#{LICENSE}"', None),
        ("s.license = LICENSE", None),
        ('# s.license = "MIT"', None),
        ('s.description = "s.license = MIT"', None),
        ('s.license = "GPL"', None),
        ('s.license = "Nonstandard"', None),
        ('s.license = "Proprietary"', "LicenseRef-proprietary"),
        ("", None),
    ],
)
def test_what_is_written_out(lines: str, expected: str | None) -> None:
    text = f"Gem::Specification.new do |s|\n  s.name = 'mills'\n  {lines}\nend\n"
    stated = licence_of_gemspec(text)
    assert (stated and stated[0]) == expected


def test_the_line_is_quoted() -> None:
    assert licence_of_gemspec("  s.license  =  'MIT'\n") == ("MIT", "s.license = 'MIT'")
