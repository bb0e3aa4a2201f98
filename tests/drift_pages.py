"""Pages of our own words about services that specs know, and what drift says once a few of their words are others."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platemark
from platemark import cli
from platemark.drift import Capture, Drift, Reader, drift
from platemark.drift.report import SEMANTIC, Row

TESTS = Path(__file__).parent
EXTRA = TESTS / "specs_extra"
SPECS = TESTS.parent / "specs"

AURORA = """\
# Aurora 1

Aurora 1 turns a text into pictures, or changes the pictures that you hand over. Two models do this: aurora-1 is the
careful one, and aurora-1-fast draws in fewer steps.

POST https://api.lumen.example.com/v2/pictures

## Parameters

### prompt string (required)

What the picture should show. The text holds at most 500 characters.

### images array (optional)

Between 1 and 4 pictures to change. They are PNG or JPEG, no larger than 8 MB.
Each side measures 64 to 4096 pixels.

### copies integer (optional)

How many pictures you get, from 1 to 6. The default is 1.

### seed integer (optional)

Repeats a drawing. The value lies within [0, 99999].

### size string (optional)

Width and height, written with a star between. The total number of pixels is at least 512*512.
The ratio of width to height lies between 1:3 and 3:1. Both sides are rounded to multiples of 16.
When it draws from text alone, the default is 1024*1024.
For example, 640*480 suits a thumbnail.

### polish boolean (optional)

Whether the text is made longer first. The default is true.

### inks array (optional)

From 2 to 5 colours, each with its share. All shares add up to 100.00%.

## sizes

| Model | Sides in pixels | Words |
|---|---|---|
| aurora-1 | 256-3072 | 1K, 2K |
| aurora-1-fast | 256-1536 | none |

## Sample

```
curl https://api.lumen.example.com/v2/pictures \\
  -H 'X-Lumen-Key: sk-test-lamp' \\
  -d '{"model": "aurora-1", "text": "A lamp by the sea", "copies": 3, "seed": 4711}'
```

The answer holds one address for each picture. Fetch it soon.
"""
"""What `aurora-ref` says, in Markdown."""

Z_IMAGE = """\
<html lang="zh"><head><meta charset="utf-8"><title>文档</title></head><body><nav>首页 9</nav><main>
<h1>Z-Image 接口说明</h1>
<p>本文介绍 z-image-turbo 的入参与返回结果，图像由文字描述生成。</p>
<p>POST https://dashscope.aliyuncs.com/api/v1/services/aigc/multimodal-generation/generation</p>
<h2>请求参数</h2>
<table><tr><th>参数</th><th>类型</th><th>说明</th></tr>
<tr><td>prompt</td><td>string</td><td>必选。想要画的内容，长度不超过800个字符，超出部分会被截断。</td></tr>
<tr><td>size</td><td>string</td><td>可选。输出分辨率，总像素介于512×512至2048×2048之间。默认值为1024×1536。</td></tr>
<tr><td>prompt_extend</td><td>boolean</td><td>可选。是否改写文字。默认值为false。</td></tr>
<tr><td>seed</td><td>integer</td><td>可选。随机数种子，取值范围为[0, 2147483647]。</td></tr></table>
<h2>请求示例</h2>
<pre>{"model": "z-image-turbo", "parameters": {"size": "1120*1440", "seed": 12}}</pre>
<h2>返回说明</h2>
<p>每次请求返回一张图片，地址的有效期为24小时，请尽快保存到自己的存储空间。</p>
<p>调用失败时返回错误码以及说明，可据此调整入参后再次发起请求，重试前请稍作等待。</p>
</main><footer>2019-2026</footer></body></html>
"""
"""What `z-image-ref` says, in Chinese."""


@cache
def reader(specs: Path = EXTRA) -> Reader:
    return Reader(platemark.load(specs))


def edited(text: str, *edits: tuple[str, str]) -> str:
    """The text with words that stand in it once replaced."""
    for before, after in edits:
        assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times"
        text = text.replace(before, after)
    return text


def compared(
    old: str,
    new: str | bytes,
    *,
    document: str = "aurora-ref",
    file: str = "page.md",
    now: str = "",
    specs: Path = EXTRA,
) -> Drift:
    """What drift says of a page that was `old` and is `new`; `now` names the new file, where it is another."""
    raw = new if isinstance(new, bytes) else new.encode()
    return drift(
        reader(specs),
        {document: [Capture(document, now or file, raw)]},
        {document: [Capture(document, file, old.encode())]},
        {},
    )


def after(*edits: tuple[str, str], page: str = AURORA, **more: Any) -> Drift:
    """What drift says once these words of a page are others."""
    return compared(page, edited(page, *edits), **more)


def rows(found: Drift, *statuses: str) -> list[Row]:
    return [row for row in found.rows if row.status in (statuses or SEMANTIC)]


def told(found: Drift) -> set[tuple[str, str, str, str]]:
    """Status, id, old and new of each rule that is no longer as it was."""
    return {(row.status, row.id, row.old, row.new) for row in rows(found)}


# ── The same page, written otherwise ──────────────────────────────────────────────────────────────────────────────


def as_html(page: str) -> str:
    """A page of ours in Markdown as HTML, in a frame."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark").enable("table").render(page.replace("*", "\\*"))
    return f"<html><head><title>x</title></head><body><nav>Menu 7</nav><div class='row'>{body}</div></body></html>"


def as_text(page: str) -> str:
    """The same as a plain text without a mark but its table."""
    lines = [line.lstrip("# ") for line in page.split("\n") if line != "```"]
    return html.unescape("\n".join(lines))


# ── The command line ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


def ran(*arguments: str | Path) -> Ran:
    """Run `platemark` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.run([str(each) for each in arguments])
    assert "Traceback" not in err.getvalue()
    return Ran(code, out.getvalue(), err.getvalue())


def laid(folder: Path, name: str, text: str | bytes) -> Path:
    """A file with a page."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def words(text: str) -> Sequence[str]:
    """The words of a page."""
    import re

    return re.findall(r"[A-Za-z]{2,}", text)
