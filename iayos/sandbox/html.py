"""How the sandbox's few pages look: one narrow column that a phone shows well, no scripts, nothing from elsewhere."""

from html import escape
from typing import Final

from litestar import MediaType, Response

_STYLE: Final = """
:root { color-scheme: light dark; --accent: #1d6b4f; --line: #8884; --soft: #8881; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 30rem; }
body.wide { max-width: 70rem; }
h1 { font-size: 1.2rem; margin: 0; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
a { color: light-dark(#1d6b4f, #6fd0ab); }
.note, footer { color: light-dark(#666, #aaa); font-size: .85rem; }
.amount { font-size: 2.2rem; font-weight: 600; margin: .25rem 0; font-variant-numeric: tabular-nums; }
.state { border-left: 4px solid var(--accent); background: var(--soft); padding: .75rem 1rem; }
form { margin: .5rem 0; }
button { font: inherit; width: 100%; min-height: 3rem; border-radius: .5rem; border: 1px solid var(--line);
  background: var(--soft); color: inherit; cursor: pointer; }
button.pay { background: var(--accent); border-color: var(--accent); color: #fff; }
button:focus-visible, input:focus-visible, select:focus-visible, a:focus-visible
  { outline: 3px solid #e8a33d; outline-offset: 2px; }
input, select { font: inherit; width: 100%; min-height: 3rem; padding: 0 .75rem; border-radius: .5rem;
  border: 1px solid var(--line); background: transparent; color: inherit; margin-bottom: .5rem; }
fieldset { border: 1px solid var(--line); border-radius: .5rem; margin: 1.5rem 0; padding: .5rem 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


def page(title: str, body: str, *, wide: bool = False, status: int = 200) -> Response[str]:
    """A whole page; `body` is HTML already."""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f'<body class="{"wide" if wide else ""}">{body}</body></html>'
    )
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"}
    return Response(text, media_type=MediaType.HTML, status_code=status, headers=headers)


def money(amount: float, currency: str = "PHP") -> str:
    """₱1,234.50."""
    return f"₱{amount:,.2f}" if currency == "PHP" else f"{currency} {amount:,.2f}"


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Rows of cells that are HTML already."""
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def link(url: str, text: str) -> str:
    """An anchor."""
    return f'<a href="{escape(url)}">{escape(text)}</a>'
