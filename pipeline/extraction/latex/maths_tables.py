"""Commands and environments of formulas: which are dropped, which hold text, which are displays."""

from __future__ import annotations

DROPPED = frozenset(
    {
        *("\\ensuremath", "\\displaystyle", "\\textstyle", "\\scriptstyle", "\\scriptscriptstyle", "\\xspace"),
        *(
            "\\allowbreak",
            "\\nobreak",
            "\\strut",
            "\\mathstrut",
            "\\noindent",
            "\\leavevmode",
            "\\centering",
            "\\unskip",
        ),
        *("\\hfill", "\\hfil", "\\hss", "\\vfill", "\\smallskip", "\\medskip", "\\bigskip", "\\raggedright", "\\null"),
        *(
            "\\protect",
            "\\relax",
            "\\ignorespaces",
            "\\boldmath",
            "\\unboldmath",
            "\\small",
            "\\footnotesize",
            "\\tiny",
        ),
        *(
            "\\scriptsize",
            "\\normalsize",
            "\\large",
            "\\Large",
            "\\linebreak",
            "\\pagebreak",
            "\\newline",
            "\\nolinebreak",
        ),
        *(
            "\\singlespacing",
            "\\/",
            "\\null",
            "\\mathsurround",
            "\\makeatletter",
            "\\makeatother",
            "\\hline",
            "\\qedhere",
        ),
        *("\\itshape", "\\bfseries", "\\rmfamily", "\\upshape", "\\normalfont", "\\mdseries", "\\slshape", "\\scshape"),
        *(
            "\\@",
            "\\negthinspace",
            "\\negthickspace",
            "\\negmedspace",
            "\\bgroup",
            "\\egroup",
            "\\begingroup",
            "\\endgroup",
            "\\vcenter",
            "\\nonscript",
            "\\break",
        ),
    }
)
SKIPPED = {
    "\\color": "om",
    "\\textcolor": "om",
    "\\colorbox": "m",
    "\\fcolorbox": "mm",
    "\\vspace": "*m",
    "\\hspace": "*m",
    "\\rule": "omm",
    "\\raisebox": "moo",
    "\\scalebox": "mo",
    "\\resizebox": "*mm",
    "\\rotatebox": "om",
    "\\phantom": "m",
    "\\hphantom": "m",
    "\\vphantom": "m",
    "\\footnote": "om",
    "\\footnotemark": "o",
    "\\footnotetext": "om",
    "\\thanks": "m",
    "\\cite": "*oom",
    "\\citep": "*oom",
    "\\citet": "*oom",
    "\\includegraphics": "*oom",
    "\\setlength": "mm",
    "\\addtolength": "mm",
    "\\fontsize": "mm",
    "\\selectfont": "",
    "\\index": "m",
    "\\hypertarget": "m",
    "\\cline": "m",
    "\\todo": "om",
    "\\displaybreak": "o",
    "\\pagestyle": "m",
    "\\mspace": "m",
    "\\href": "m",
}
DIMENSIONS = frozenset(
    {
        *("\\hskip", "\\vskip", "\\kern", "\\mkern", "\\mskip", "\\arraycolsep", "\\jot", "\\abovedisplayskip"),
        *("\\belowdisplayskip", "\\baselineskip", "\\tabcolsep", "\\lineskip", "\\raise", "\\lower", "\\thinmuskip"),
        *("\\medmuskip", "\\thickmuskip", "\\nulldelimiterspace", "\\multlinegap", "\\extrarowheight", "\\penalty"),
    }
)
TEXTS = frozenset(
    {
        *("\\text", "\\mbox", "\\hbox", "\\textrm", "\\textit", "\\textbf", "\\textsf", "\\texttt", "\\textnormal"),
        *("\\intertext", "\\shortintertext", "\\makebox", "\\fbox", "\\textup", "\\textsc", "\\mathrm", "\\parbox"),
        *("\\textsl", "\\textmd", "\\emph", "\\vbox", "\\framebox", "\\tag", "\\vtop", "\\shortstack"),
    }
)
REFERENCES = frozenset({"\\ref", "\\eqref", "\\cref", "\\Cref", "\\autoref", "\\pageref"})
# environment -> whether each of its rows has a number; the starred ones have none
DISPLAYS = {
    "equation": False,
    "multline": False,
    "dmath": False,
    "displaymath": False,
    "align": True,
    "eqnarray": True,
    "gather": True,
    "flalign": True,
    "alignat": True,
    "xalignat": True,
    "IEEEeqnarray": True,
    "darray": True,
    "dgroup": False,
}
PLAIN = frozenset({"equation", "displaymath", "dmath", "dgroup", "darray"})
UNNUMBERED = frozenset({"displaymath", "dgroup", "darray"})
