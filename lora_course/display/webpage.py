"""Web pages that need nothing else: their frame, their look, and text made safe for them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

# Nothing may be loaded or run, whatever a text in the page might try.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"

# What is not seen itself but changes what is seen: controls, line separators, marks that turn
# the direction of writing; and lone surrogates, which no file can hold.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1b1b1f; --soft: #56565f; --line: #d5d5dc;
  --mark: #e3effa; --accent: #0060a0; }
@media (prefers-color-scheme: dark) { :root { --page: #15161a; --text: #e8e8ec; --soft: #a9a9b4;
  --line: #3a3b44; --mark: #15324a; --accent: #7cc0f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 64rem; background: var(--page);
  color: var(--text); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
ul { margin: .3rem 0; padding-left: 1.3rem; }
.answer { border-left: 5px solid var(--accent); background: var(--mark); padding: .8rem 1rem;
  margin: 0 0 1rem; font-size: 1.15rem; }
.answer p { margin: 0; } .answer p + p { margin-top: .4rem; font-size: 1rem; }
.notice { border: 2px solid var(--text); padding: .6rem 1rem; margin: 0 0 1rem; }
.soft { color: var(--soft); font-size: .9rem; }
figure { margin: 1rem 0; }
.table { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .93rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .45rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
thead th { vertical-align: bottom; font-size: .85rem; white-space: normal; min-width: 5rem;
  overflow-wrap: normal; border-bottom: 2px solid var(--soft); }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--page); }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .3rem 1.2rem; }
dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 30rem) { dl { display: block; } dd { margin: 0 0 .6rem; } }
@media print { :root { --page: #fff; --text: #000; --soft: #444; --line: #bbb; --mark: #eee;
  --accent: #000; } body { max-width: none; padding: 0; font-size: 10pt; }
  .table { overflow: visible; } th, td { padding: .2rem .35rem; white-space: normal; }
  thead th { min-width: 0; } figure, tr, li { break-inside: avoid; }
  h2, h3 { break-after: avoid; } }
"""


def safe(text: str) -> str:
    """Any text as HTML that shows it and does nothing; what is unseen is written as an escape."""
    visible = UNSEEN.sub(lambda found: repr(found[0])[1:-1], text)  # as Python writes them
    return html.escape(visible)


def document(title: str, parts: Iterable[str], style: str = "", images: bool = False) -> str:
    """A whole page. `parts` are HTML; `images` lets in those that are written into the page."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy"'
        f' content="{POLICY}{"; img-src data:" if images else ""}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{safe(title)}</title>\n<style>{STYLE}{style}</style></head>\n<body><main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    )


def scrolling_table(label: str, heads: Iterable[str], lines: Iterable[str]) -> str:
    """A table that scrolls by itself where the page is narrow; `lines` are its rows, as HTML."""
    head = "".join(f'<th scope="col">{safe(text)}</th>' for text in heads)
    return (
        f'<div class="table" role="region" aria-label="{safe(label)}" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )
