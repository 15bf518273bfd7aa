"""Fingerprints of the commonest licence texts: facts about their words, not the words.

Made in November 2026 from the texts of the SPDX License List (npm: spdx-license-list 6.12.0, CC0-1.0) with the wordings
and the places for a name that licence files are seen to have. A print is the stretches of a text: how many words may
stand before the stretch (a name), the fingerprint of its first 12 words (of the first stretch alone), the number of its
words, and the fingerprint of all of them, as `licence_text.fingerprint` computes it over `words_of` a text.
"""

from __future__ import annotations

from typing import Final

Print = tuple[tuple[int, int, int, int], ...]

PRINTS: Final[tuple[tuple[str, Print], ...]] = (
    (
        "MIT",
        (
            (0, 0xDDE84E58DC6, 116, 0x38A55F721763),
            (10, 0x0, 37, 0xDECA3702203B),
        ),
    ),
    (
        "MIT",
        (
            (0, 0xDDE84E58DC6, 120, 0x95C0235AD9BF),
            (10, 0x0, 37, 0xDECA3702203B),
        ),
    ),
    (
        "MIT-0",
        (
            (0, 0xDDE84E58DC6, 91, 0x5ABDFEF97805),
            (10, 0x0, 37, 0xDECA3702203B),
        ),
    ),
    (
        "BSD-2-Clause",
        (
            (0, 0x7F2B89E8F9EF, 72, 0x830ABB64D820),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xB2941EDD409),
            (14, 0x0, 28, 0xB0E35A91461A),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xB2941EDD409),
            (14, 0x0, 28, 0x533A9052275E),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xB2941EDD409),
            (14, 0x0, 28, 0xC1BAC5C0A118),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xC64A8277AEB7),
            (14, 0x0, 28, 0xB0E35A91461A),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xC64A8277AEB7),
            (14, 0x0, 28, 0x533A9052275E),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xC64A8277AEB7),
            (14, 0x0, 28, 0xC1BAC5C0A118),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xB2941EDD409),
            (14, 0x0, 4, 0x99D5D2F569ED),
            (6, 0x0, 23, 0xB22A30EDCE93),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xB2941EDD409),
            (14, 0x0, 4, 0x236323E08EB2),
            (8, 0x0, 22, 0x1D863CD52B5A),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xB2941EDD409),
            (14, 0x0, 4, 0x99D5D2F569ED),
            (8, 0x0, 22, 0x1D863CD52B5A),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xC64A8277AEB7),
            (14, 0x0, 4, 0x236323E08EB2),
            (8, 0x0, 22, 0x1D863CD52B5A),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 71, 0xC64A8277AEB7),
            (14, 0x0, 4, 0x99D5D2F569ED),
            (8, 0x0, 22, 0x1D863CD52B5A),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 68, 0xCC25BCFD1F58),
            (14, 0x0, 28, 0xB0E35A91461A),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 68, 0xCC25BCFD1F58),
            (14, 0x0, 28, 0x533A9052275E),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 70, 0x420087DF25AC),
            (14, 0x0, 23, 0x8FC54AB602FA),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 70, 0xC5C43F6DEAF4),
            (14, 0x0, 23, 0x8FC54AB602FA),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, 0x7F2B89E8F9EF, 95, 0xBC62044FC071),
            (14, 0x0, 29, 0x7CD16D3137B6),
            (14, 0x0, 71, 0x9B0FB9B0FDC5),
        ),
    ),
    (
        "ISC",
        (
            (0, 0x6CF5283EFB7C, 40, 0xC129CB884179),
            (8, 0x0, 20, 0x7AD1C70F8E88),
            (8, 0x0, 47, 0x969B0757A3B3),
        ),
    ),
    (
        "ISC",
        (
            (0, 0x31612DEC2FC9, 40, 0xC64A4E2F8AE3),
            (8, 0x0, 20, 0x7AD1C70F8E88),
            (8, 0x0, 47, 0x969B0757A3B3),
        ),
    ),
    (
        "0BSD",
        (
            (0, 0x6CF5283EFB7C, 26, 0x9EED25C059D1),
            (8, 0x0, 20, 0x7AD1C70F8E88),
            (8, 0x0, 47, 0x969B0757A3B3),
        ),
    ),
    (
        "0BSD",
        (
            (0, 0x31612DEC2FC9, 26, 0x6C00E92AA9C7),
            (8, 0x0, 20, 0x7AD1C70F8E88),
            (8, 0x0, 47, 0x969B0757A3B3),
        ),
    ),
    (
        "Zlib",
        (
            (0, 0xE3AA254673BF, 16, 0x62841A339DC9),
            (10, 0x0, 111, 0x15C98E3415AD),
        ),
    ),
    (
        "Zlib",
        (
            (0, 0xE3AA254673BF, 16, 0x62841A339DC9),
            (10, 0x0, 114, 0xD8114A470F8A),
        ),
    ),
    ("BSL-1.0", ((0, 0x8BC1B5ED11CD, 199, 0x837ADFA52365),)),
    ("Unlicense", ((0, 0xF1942FD6F32A, 189, 0xE602D6A2F46F),)),
    ("CC0-1.0", ((0, 0x71851173D73E, 948, 0x19EE204F7C1C),)),
    ("Apache-2.0", ((0, 0x9497DB121E74, 1374, 0xE8EB1EE169C4),)),
    ("Apache-2.0", ((0, 0x9497DB121E74, 1369, 0x4DFB2D727B4),)),
    ("GPL-2.0-only", ((0, 0x1FB10CB9751E, 2382, 0xE65ABAEA2306),)),
    ("GPL-3.0-only", ((0, 0x1FB10CB9751E, 4949, 0x4CE6046E7C97),)),
    ("AGPL-3.0-only", ((0, 0x1FB10CB9751E, 4908, 0x92A9DEF7B78C),)),
    ("LGPL-2.1-only", ((0, 0x1FB10CB9751E, 3842, 0x151C996E119E),)),
    ("LGPL-2.0-only", ((0, 0x1FB10CB9751E, 3666, 0xAE0DBBF7D18D),)),
    ("GPL-1.0-only", ((0, 0x1FB10CB9751E, 1552, 0xD0CD76ECC5F),)),
    ("LGPL-3.0-only", ((0, 0x1FB10CB9751E, 1141, 0xCF656834C44B),)),
    ("MPL-2.0", ((0, 0x1A1D0379C30E, 2211, 0x23A9B3AA026B),)),
    ("MPL-2.0", ((0, 0x1A1D0379C30E, 99, 0x15890E3017A),)),
    ("PSF-2.0", ((0, 0x6AF22774544A, 341, 0x8B90F85C3BFC),)),
    ("Python-2.0.1", ((0, 0xD5DA90E3184C, 1411, 0x2DF20BBA38DB),)),
)

NEUTRAL: Final[tuple[Print, ...]] = (
    (
        (0, 0x603A6CA614FB, 83, 0x2A46FBDD24),
        (24, 0x0, 81, 0x28E769E48902),
    ),
    ((0, 0xBD9E26437BA, 81, 0x28E769E48902),),
    ((0, 0x1C7B0C7A1160, 73, 0x695D20659D8C),),
    (
        (0, 0xF86744638704, 97, 0xA08A2415D71F),
        (24, 0x0, 97, 0xE1B86BE03320),
        (24, 0x0, 32, 0xBFB3AFA2CD1D),
        (14, 0x0, 103, 0x40F1305EEBD7),
    ),
    (
        (0, 0xF86744638704, 97, 0x421AA1A9D3D3),
        (24, 0x0, 133, 0x3FC99F930513),
        (12, 0x0, 171, 0xBFCF4910B520),
    ),
    (
        (0, 0xF86744638704, 97, 0x421AA1A9D3D3),
        (24, 0x0, 232, 0x2337DED317C5),
    ),
    (
        (0, 0xA0060CE4774B, 110, 0x17FC927722CB),
        (24, 0x0, 100, 0x5737EFA044A0),
        (24, 0x0, 44, 0x9ED05C4C2AFD),
        (40, 0x0, 6, 0xB956F329ECB1),
    ),
    ((0, 0xF625F70B0791, 71, 0x9A8DFCA05BFD),),
    ((0, 0xF3278682489, 380, 0x60A2EA490011),),
)
"""What stands around the texts and grants nothing: how to apply a licence to a new program."""
