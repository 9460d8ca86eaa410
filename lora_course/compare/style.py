"""How the page of a report looks, on a screen and on paper."""

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
.next { margin: .5rem 0 0; font-weight: 700; }
.soft { color: var(--soft); font-size: .9rem; }
figure { margin: 1rem 0; } figure img { display: block; }
.table { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .93rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .45rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
thead th { vertical-align: bottom; font-size: .85rem; white-space: normal; min-width: 5rem;
  overflow-wrap: normal; border-bottom: 2px solid var(--soft); }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--page); }
tr.chosen td, tr.chosen th:first-child { background: var(--mark); font-weight: 700; }
tr.end td, tr.end th { font-style: italic; font-weight: 400; }
.word { font-size: .8rem; font-weight: 400; font-style: normal; color: var(--soft);
  display: block; white-space: normal; max-width: 7rem; line-height: 1.2; }
tr.chosen .word { color: var(--accent); font-weight: 700; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .3rem 1.2rem; }
dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 30rem) { dl { display: block; } dd { margin: 0 0 .6rem; } }
@media print { :root { --page: #fff; --text: #000; --soft: #444; --line: #bbb; --mark: #eee;
  --accent: #000; } body { max-width: none; padding: 0; font-size: 10pt; }
  .table { overflow: visible; } th, td { padding: .2rem .35rem; white-space: normal; }
  thead th { min-width: 0; } figure, tr, li { break-inside: avoid; }
  h2, h3 { break-after: avoid; } }
"""
