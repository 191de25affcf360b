"""The card that every picture is drawn on: size, style, arrow heads, and a description in words."""

from __future__ import annotations

from xml.sax.saxutils import escape

# A card of its own: the same on a light page and on a dark one. Fonts are the reader's.
_STYLE = """
text { font-family: -apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif }
.card { fill: #0f1b2d; stroke: #2c3d57 }
.heading { font-size: 13px; font-weight: 600; fill: #f2f6fc }
.beside { font-weight: 400; fill: #9fb0c8 }
.box { fill: #18283f; stroke: #3a4f6e }
.name { font-weight: 600; fill: #f2f6fc; text-anchor: middle }
.does { font-size: 10.5px; fill: #9fb0c8; text-anchor: middle }
.go, .back, .fail { fill: none; stroke-width: 1.4 }
.go { stroke: #d5dfee; stroke-width: 2 }
.back { stroke: #c9a2ff }
.fail { stroke: #c9635c }
.grid { stroke: #ffffff; stroke-opacity: 0.1; fill: none }
.tick { font-size: 10.5px; fill: #9fb0c8; text-anchor: end }
.day { font-size: 11.5px; fill: #d5dfee; text-anchor: middle }
.key { font-size: 12.5px; font-weight: 600; fill: #f2f6fc }
.sum { font-size: 11px; fill: #9fb0c8 }
"""
_ARROWS = {"go": "#d5dfee", "back": "#c9a2ff", "fail": "#c9635c"}


def card(width: float, height: float, title: str, description: str, parts: list[str]) -> str:
    """The whole SVG: ``parts`` on a card; title and description are for those who do not see it."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
            f' height="{height:g}" role="img" aria-labelledby="title desc">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(description)}</desc>',
            f"<style>{_STYLE}</style>",
            "<defs>",
            *(_arrow(kind, colour) for kind, colour in _ARROWS.items()),
            "</defs>",
            f'<rect class="card" x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="12"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _arrow(kind: str, colour: str) -> str:
    return (
        f'<marker id="{kind}" viewBox="0 0 8 8" refX="7.4" refY="4" markerUnits="userSpaceOnUse"'
        f' markerWidth="9" markerHeight="9" orient="auto">'
        f'<path d="M0.5 0.8L7.5 4L0.5 7.2Z" fill="{colour}"/></marker>'
    )
