"""How the page writes numbers; the exact value is always kept beside the rounded one."""

from __future__ import annotations

from mixtures.report.page.markup import Html, tag

NARROW_SPACE = "\u202f"
MINUS = "\u2212"


def loss(value: float) -> str:
    """0.1234: four decimals; no minus before what is rounded to 0."""
    return f"{value:z.4f}".replace("-", MINUS)


def change(value: float) -> str:
    """+0.0123 or −0.0123, with a sign; +0.0000 for what is rounded to 0."""
    return f"{value:+z.4f}".replace("-", MINUS)


def percent(value: float) -> str:
    """A weight or share: 12.3 %, and <0.1 % for what is not nothing."""
    if 0 < value < 0.0005:
        return f"<0.1{NARROW_SPACE}%"
    return f"{100 * value:.1f}{NARROW_SPACE}%"


def epochs(value: float | None) -> str:
    """How often a domain is read: 0.25, 4.00, <0.01 for what is not nothing; a dash where its tokens have no end."""
    if value is None:
        return "–"
    return "<0.01" if 0 < value < 0.005 else f"{value:.2f}"


def span(low: float, high: float) -> str:
    """+0.0012 to +0.0345: an interval of changes."""
    return f"{change(low)} to {change(high)}"


def rank(value: float | None) -> str:
    """A correlation or R2: 0.98; a dash where there is none."""
    return "–" if value is None else f"{value:.3f}".replace("-", MINUS)


def chance(value: float | None) -> str:
    """A p: 0.031, and <0.001 for less; a dash where there is none."""
    if value is None:
        return "–"
    return "<0.001" if value < 0.0005 else f"{value:.3f}"


def exact(value: float | int, shown: str) -> Html:
    """A number as `<data value="exact">shown</data>`, so that people and programs can read both."""
    return tag("data", shown, value=repr(value))
