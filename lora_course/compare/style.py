"""How a report's page differs from the course's other pages."""

STYLE = """
.next { margin: .5rem 0 0; font-weight: 700; }
figure img { display: block; }
tr.chosen td, tr.chosen th:first-child { background: var(--mark); font-weight: 700; }
tr.end td, tr.end th { font-style: italic; font-weight: 400; }
.word { font-size: .8rem; font-weight: 400; font-style: normal; color: var(--soft);
  display: block; white-space: normal; max-width: 7rem; line-height: 1.2; }
tr.chosen .word { color: var(--accent); font-weight: 700; }
"""
