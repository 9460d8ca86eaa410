"""How the course's web pages look: on light and on dark, from a telephone's width on."""

from __future__ import annotations

from pygments.formatters import HtmlFormatter

LIGHT, DARK = (HtmlFormatter(style=style) for style in ("default", "github-dark"))
NARROW = "@media screen and (max-width: 40rem)"

TEXT = f"""
body {{ max-width: 57rem; }}
p, ul {{ max-width: 48rem; }}
a {{ color: var(--accent); }}
nav {{ display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; margin: 0 0 1.5rem; }}
nav a {{ padding: .3rem 0; }}
nav .next {{ margin-left: auto; text-align: right; }}
nav.after {{ border-top: 1px solid var(--line); margin: 2.5rem 0 0; padding-top: 1rem; }}
{NARROW} {{ nav .next {{ margin-left: 0; text-align: left; }} }}
@media print, (prefers-color-scheme: light) {{
{LIGHT.get_style_defs(".highlight")}
}}
@media screen and (prefers-color-scheme: dark) {{
{DARK.get_style_defs(".highlight")}
}}
pre {{ overflow-x: auto; margin: .4rem 0; padding: .6rem .8rem; font-size: .85rem;
  line-height: 1.45; overflow-wrap: normal; }}
.highlight {{ background: var(--code); border-radius: 4px; }}
/* Long lines: a shadow at the side on which they go on. The first two move with the text. */
.highlight pre {{ border-radius: 4px; background:
  linear-gradient(to right, var(--code) 40%, transparent) left / 2.5rem 100% no-repeat local,
  linear-gradient(to left, var(--code) 40%, transparent) right / 2.5rem 100% no-repeat local,
  linear-gradient(to right, var(--shade), transparent) left / .8rem 100% no-repeat scroll,
  linear-gradient(to left, var(--shade), transparent) right / .8rem 100% no-repeat scroll,
  var(--code); }}
:root {{ --code: #f4f4f7; --shade: rgb(0 0 0 / .35); }}
@media (prefers-color-scheme: dark) {{
  :root {{ --code: #1f2128; --shade: rgb(255 255 255 / .3); }} }}
.output {{ margin: .4rem 0 1.2rem; }}
.output pre {{ border-left: 3px solid var(--line); white-space: pre-wrap; }}
.output th, .output td {{ text-align: left; border: 0; padding: .15rem .45rem;
  white-space: normal !important; /* the claims on a telephone, whole */ }}
.output table {{ width: auto; display: block; overflow-x: auto; }}
.text_cell th, .text_cell td {{ text-align: left; white-space: normal; vertical-align: top;
  min-width: 0; overflow-wrap: break-word; }}
.text_cell table {{ display: block; overflow-x: auto; }}
details {{ border: 1px solid var(--line); border-radius: 4px; padding: .5rem .8rem;
  margin: .6rem 0; }}
summary {{ cursor: pointer; font-weight: 600; }}
math {{ font-size: 1.05em; }}
math[display=block] {{ overflow-x: auto; overflow-y: hidden; padding: .3rem 0; }}
mfrac {{ math-style: normal; }}  /* letters of full size in a line of text, too */
"""

# A figure is not made too small to read: on a telephone it is moved sideways, and says so.
FIGURE = f"""
.wide {{ position: relative; margin: .4rem 0; }}
.wide .moves {{ overflow-x: auto; }}
.wide img {{ min-width: 34rem; max-width: 100%; height: auto; display: block;
  border-radius: 8px; }}
.wide figcaption {{ display: none; }}
{NARROW} {{
.wide figcaption {{ display: block; color: var(--soft); font-size: .85rem; }}
.wide .moves::after {{ content: ""; position: absolute; right: 0; top: 0; bottom: 1.6rem;
  width: 1.6rem; background: linear-gradient(to right, transparent, rgb(0 0 0 / .45));
  pointer-events: none; }}
}}
@media print {{ .wide img {{ min-width: 0; }} }}
"""

EXPLORER = f"""
.explorer {{ border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; }}
.explorer fieldset {{ border: 0; margin: 0; padding: .15rem 0; display: flex; min-width: 0; }}
.explorer legend {{ float: left; flex: 0 0 10rem; padding: .2rem .6rem .2rem 0;
  color: var(--soft); }}
.explorer .options {{ display: flex; flex-wrap: wrap; align-items: flex-start; gap: .35rem; }}
.explorer label {{ position: relative; border: 1px solid var(--line); border-radius: 6px;
  padding: .15rem .6rem; cursor: pointer; }}
.explorer input {{ position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }}
.explorer label:has(:checked) {{ background: var(--mark); border-color: var(--accent);
  box-shadow: inset 0 0 0 1px var(--accent); font-weight: 600; }}
.explorer label:has(:focus-visible) {{ outline: 3px solid var(--accent); outline-offset: 2px; }}
.explorer .views {{ margin-top: .6rem; }}
.explorer table {{ display: table; width: 100%; }}
.explorer th {{ white-space: normal; overflow-wrap: normal; }}
{NARROW} {{ .explorer fieldset {{ flex-direction: column; }}
  .explorer legend {{ flex: none; padding: 0; }}
  .explorer label {{ padding: .35rem .7rem; }} }}
@supports not selector(:has(a)) {{ .explorer fieldset, .explorer .views > :not(.first)
  {{ display: none; }} }}
"""

FRONT = f"""
.lead {{ font-size: 1.2rem; }}
.ways {{ display: flex; flex-wrap: wrap; gap: .7rem; margin: 1.2rem 0; }}
.ways a {{ border: 2px solid var(--accent); border-radius: 6px; padding: .5rem .9rem; }}
.ways a.start {{ background: var(--accent); color: var(--page); font-weight: 600; }}
.shown {{ margin: 1.5rem 0; }}
.shown > figcaption p {{ color: var(--soft); margin: .3rem 0; }}
.chapters {{ list-style: none; padding: 0; max-width: none; display: grid; gap: .8rem; }}
.chapters li {{ border: 1px solid var(--line); border-radius: 8px; padding: .7rem 1rem; }}
.chapters h3 {{ margin: 0; font-size: 1.1rem; }}
.chapters p {{ margin: .2rem 0; }}
{NARROW} {{ .ways a {{ width: 100%; }} }}
"""

STYLE = TEXT + FIGURE + EXPLORER + FRONT
