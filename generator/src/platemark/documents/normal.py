"""One way to write what pages write in many: widths, dashes, quotes, signs of multiplication, spaces."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"), None)
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("–—−‐‑‒―﹣－", "-"),
        **dict.fromkeys("“”„″«»＂", '"'),
        **dict.fromkeys("‘’‚′＇", "'"),
        **dict.fromkeys("∗＊✱﹡", "*"),
        **dict.fromkeys("×✕✖╳⨯", "*"),
        **dict.fromkeys("～∼〜", "~"),
        **dict.fromkeys("∶꞉", ":"),
        **dict.fromkeys("≤≦", "<="),
        **dict.fromkeys("≥≧", ">="),
        **dict.fromkeys("•‣◦▪●○·∙", "•"),
    }
)
_SQUARE = re.compile(r"(\d{2,5})\s*(?:²|\^2|<sup>2</sup>)")
_BY = re.compile(r"(?<=\d)\s*\\?[*xX]\s*(?=\d)")
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?!\d|,\d)")
_BULK = re.compile(r"[A-Za-z0-9+/=_-]{400,}")
"""What no page says in words: a picture as text."""
_WIDE = re.compile(r"(?<=\d)[\u00a0\u202f\u2009'](?=\d{3}(?!\d))")
"""What parts thousands besides a comma."""
_BROKEN = re.compile(r"(https?://) ?(\S*?[\w}]) (?=/api/)|(https?://) (?=[\w{])")
"""Where saving put spaces around the host of an address."""
_PAIR = re.compile(r"(?<![\d:])(\d{1,2}) : (\d{1,2})(?![\d:])")
_SPACES = re.compile(r"[^\S\n]+")
_MARKS = re.compile(r"`+|\*\*+|__(?=\w)|(?<=\w)__")
_SLANTED = re.compile(r"(?<!\w)_([a-z]+)_(?!\w)")
"""A word between marks of emphasis."""
_SLANTED_SIZE = re.compile(r"(?<![\w.])(\d{3,4})_(\d{3,4})(?!\w)", re.ASCII)


def slanted(text: str) -> list[str]:
    """The sizes in a block of text whose sign was taken for a mark of emphasis. Such marks come in pairs, and so does
    what they spoil: an odd one is damaged otherwise."""
    found = [each[0] for each in _SLANTED_SIZE.finditer(text)]
    return found if len(found) % 2 == 0 else []


def normal(text: str) -> str:
    """The text as it is compared: half-width, plain dashes and quotes, `W*H`, `1300`, single spaces, no markup."""
    text = _WIDE.sub("", text)
    text = _SQUARE.sub(r"\1*\1", _BULK.sub("…", text).translate(_HIDDEN))
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    if slanted(text):
        text = _SLANTED_SIZE.sub(r"\1*\2", text)
    text = _SLANTED.sub(r"\1", _MARKS.sub("", text)).replace("\\", "")
    text = _BROKEN.sub(r"\1\2\3", _SPACES.sub(" ", text))
    text = _PAIR.sub(r"\1:\2", _BY.sub("*", text))
    text = _THOUSANDS.sub(lambda found: found[1].replace(",", ""), text)
    return text.strip()
