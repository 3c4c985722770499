# SPDX-License-Identifier: AGPL-3.0-or-later
"""What CloudFilm changes inside OHIF's bundles.

A patch names the files it expects and how often it must match in each: another version of OHIF fails here, loudly, and not in front of a patient.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch


@dataclass(frozen=True)
class Patch:
    """One replacement.

    Attributes
    ----------
    what : str
        Its purpose; shown when it does not match.
    files : str
        The files looked at, as a pattern.
    pattern, replacement : str
        As for `re.sub`.
    matches : mapping of str to int
        For each file (a pattern that must fit exactly one), how often it must match there. Every other file must have no match.
    """

    what: str
    files: str
    pattern: str
    replacement: str
    matches: Mapping[str, int]


WITH_PUBLIC_PATH = ("app", "136", "2299", "8097", "compute", "histogram-worker", "interpolation", "polySeg")
UNUSED_LANGUAGES = "ar|de|es|fr|ja-JP|nl|pt-BR|ru|test-LNG|tr-TR|vi"
UNTRANSLATED = (
    "Additional Findings",
    "DICOM Tag Browser",
    "Error loading displaySet",
    "Instance Number",
    "Keyword",
    "Measurements",
    "Multiple Patients",
    "Patient",
    "Search metadata",
    "Series",
    "Series Measurements",
    "Series description",
    "Study date",
    "Tag",
    "Value",
    "Window Level",
)
STYLES_HASH = "c10d0f11a57e1e50"  # nowhere else; prepare.py makes another of it
UNUSED_MODES = "basic|segmentation|tmtv|microscopy|preclinical-4d|ultrasound-pleura-bline"

PATCHES = (
    Patch(
        what="serve everything, workers and codecs too, below /viewer/",
        files="*.bundle.*.js",
        pattern=r'__webpack_require__\.p = "/";',
        replacement='__webpack_require__.p = "/viewer/";',
        matches={f"{chunk}.bundle.*.js": 1 for chunk in WITH_PUBLIC_PATH},
    ),
    Patch(
        what="serve the font below /viewer/",
        files="*.css",
        pattern=r"url\(/(?=[0-9a-f]+\.woff2\))",
        replacement="url(/viewer/",
        matches={"app.bundle.css": 5},
    ),
    Patch(
        what="names of style sheets with a hash, as scripts have (prepare.py gives them theirs)",
        files="app.bundle.*.js",
        pattern=r'return "" \+ chunkId \+ "\.css"',
        replacement=f'return "" + chunkId + ".bundle.{STYLES_HASH}.css"',
        matches={"app.bundle.*.js": 1},
    ),
    Patch(
        what="load only the basic viewer's mode and extensions",
        files="app.bundle.*.js",
        pattern=rf'pluginImports_(?:modes\.push\("@ohif/mode-(?:{UNUSED_MODES})"|extensions\.push\("@ohif/extension-ultrasound-pleura-bline")\);\n',
        replacement="",
        matches={"app.bundle.*.js": 7},
    ),
    Patch(
        what="offer the languages that CloudFilm has",
        files="app.bundle.*.js",
        pattern=r"^  \.\.\.(?:ar|tr_TR|de|locales_es|fr|ja_JP|nl|pt_BR|ru|vi),?\n|,\n  \.\.\.test_LNG(?=\n\}\);)",
        replacement="",
        matches={"app.bundle.*.js": 11},
    ),
    Patch(
        what="leave out the texts of the other languages",
        files="app.bundle.*.js",
        pattern=rf"(?<=\n);// CONCATENATED MODULE: \.\./\.\./i18n/src/locales/(?:{UNUSED_LANGUAGES})/\w+\.json\nvar (\w+) = JSON\.parse\('.*'\)\n",
        replacement=r"var \1 = {};\n",
        matches={"app.bundle.*.js": 205},
    ),
    Patch(
        what="take answers that opening.js has asked for already",
        files="*.bundle.*.js",
        pattern=r"(?<=\n)( +)return this\._httpGet\(urlWithQueryParams, headers, responseType, progressCallback, withCredentials\);"
        r"(?=\n +\}\n +/\*\*\n[^/]*application/pdf\n)",
        replacement=r"\1var ask = () => this._httpGet(urlWithQueryParams, headers, responseType, progressCallback, withCredentials);\n"
        r"\1var early = window.cloudfilmEarlyAnswer && window.cloudfilmEarlyAnswer(urlWithQueryParams);\n"
        r"\1return early ? early.catch(ask) : ask();",
        matches={"8478.bundle.*.js": 1},
    ),
    Patch(
        what="let unused icons be left out: making one has no effect",
        files="app.bundle.*.js",
        pattern=r"(?<== )(?=createLucideIcon\()",
        replacement="/* @__PURE__ */ ",
        matches={"app.bundle.*.js": 1460},
    ),
    Patch(
        what="let the date picker's unused languages be left out: making their parts has no effect",
        files="app.bundle.*.js",
        pattern=r"(?<=[=:] )(?=build(?:MatchPattern|Match|Localize|FormatLong)Fn(?:_\w+)?\()",
        replacement="/* @__PURE__ */ ",
        matches={"app.bundle.*.js": 1236},
    ),
    Patch(
        what="let the date picker's unused languages be left out: putting their parts together has no effect",
        files="app.bundle.*.js",
        pattern=r"^const (\w+) = (\{\n    \.\.\.\w+,\n    labels: \{\n(?:        .*\n|\n)*?    \},\n\});",
        replacement=r"const \1 = /* @__PURE__ */ (() => (\2))();",
        matches={"app.bundle.*.js": 97},
    ),
    Patch(
        what="leave out the library for sign-in by OpenID Connect, which no configuration of ours asks for",
        files="app.bundle.*.js",
        pattern=r"^36123\(module\) \{\n!function t\(e,r\)\{(?:.*\n)*?\},\n(?=\d+\(module)",
        replacement="36123() {},\n",
        matches={"app.bundle.*.js": 1},
    ),
    Patch(
        what="hide “Create SR”: readers of a shared exam must not store into it, and STOW-RS would refuse",
        files="89.bundle.*.js",
        pattern=r'className: "pl-0\.5",\n(    onClick: e => \{\n      e\.stopPropagation\(\);\n      if \(actions\?\.createSR\))',
        replacement=r'className: "hidden",\n\1',
        matches={"89.bundle.*.js": 1},
    ),
    Patch(
        what="ask for thumbnails with plain commas: Orthanc's DICOMweb plugin answers 400 to %2C",
        files="89.bundle.*.js",
        pattern=r"const queryString = queryParams\.toString\(\);(?=\n  return queryString \? `\$\{basePath\})",
        replacement="const queryString = queryParams.toString().replace(/%2C/g, ',');",
        matches={"89.bundle.*.js": 1},
    ),
    Patch(
        what="write a Chinese name as one word, from the ideographic group where there is one (PS3.5 §6.2.1)",
        files="app.bundle.*.js",
        pattern=r"let nameToUse = name\.Alphabetic \?\? name;\n(  if \(typeof nameToUse === 'object'\) \{\n    nameToUse = '';\n  \}\n)",
        replacement=r"let nameToUse = name.Ideographic || (name.Alphabetic ?? name);\n\1"
        r"  const chinese = nameToUse.split('=').find(group => /[\\u3400-\\u9fff]/.test(group));\n"
        r"  if (chinese) return chinese.replace(/\\^/g, '').trim();\n",
        matches={"app.bundle.*.js": 1},
    ),
    Patch(
        what="translate texts that OHIF has only in English (zh.js: cloudfilmText)",
        files="89.bundle.*.js",
        pattern=r"(?P<before>\btitle: |\bplaceholder: |\}, |isMixedPatients \? | : )"
        r"(?P<text>(?P<quote>['\"])(?:" + "|".join(UNTRANSLATED) + r")(?P=quote))(?=[,)\n]| : 'Patient')",
        replacement=r"\g<before>window.cloudfilmText(\g<text>)",
        matches={"89.bundle.*.js": 22},
    ),
)


class PatchMismatch(Exception):
    """A patch did not match as often as it must: OHIF has changed."""

    def __init__(self, patch: Patch, name: str, expected: int, found: int) -> None:
        super().__init__(
            f"patch “{patch.what}” matched {found} times in {name}, expected {expected}; see ohif_config/README.md on new versions"
        )
        self.patch, self.name, self.expected, self.found = patch, name, expected, found


def apply_patches(texts: Mapping[str, str], patches: tuple[Patch, ...] = PATCHES) -> dict[str, str]:
    """The patched texts, by file name.

    Raises
    ------
    PatchMismatch
        When a patch matches more or less often than it says.
    """
    patched = dict(texts)
    for patch in patches:
        for expected_name in patch.matches:
            if not any(fnmatch(name, expected_name) for name in patched):
                raise PatchMismatch(patch, expected_name, patch.matches[expected_name], 0)
        for name in [name for name in patched if fnmatch(name, patch.files)]:
            expected = next((count for pattern, count in patch.matches.items() if fnmatch(name, pattern)), 0)
            patched[name], found = re.subn(patch.pattern, patch.replacement, patched[name], flags=re.MULTILINE)
            if found != expected:
                raise PatchMismatch(patch, name, expected, found)
    return patched
