"""The page's looks."""

#: Where its parts stand. A point is looked at beside the pictures, or below them where the window is too narrow; where
#: it is narrower still the controls stand above. Two pictures (class "two") need more room.
PAGE = """
:host { display: grid !important; align-items: start; grid-template-rows: auto 1fr;
        grid-template-columns: 300px minmax(650px, 1fr) 450px;
        grid-template-areas: "controls picture look" "controls below look"; }
:host(.two) { grid-template-columns: 300px minmax(880px, 1fr) 450px; }
@media (max-width: 1419px) { :host {
        grid-template-rows: auto auto 1fr; grid-template-columns: 300px minmax(650px, 1fr);
        grid-template-areas: "controls picture" "controls look" "controls below"; } }
@media (max-width: 1649px) { :host(.two) {
        grid-template-rows: auto auto 1fr; grid-template-columns: 300px minmax(880px, 1fr);
        grid-template-areas: "controls picture" "controls look" "controls below"; } }
@media (max-width: 949px) { :host {
        grid-template-rows: auto auto auto 1fr; grid-template-columns: minmax(650px, 1fr);
        grid-template-areas: "controls" "picture" "look" "below"; } }
@media (max-width: 1179px) { :host(.two) {
        grid-template-rows: auto auto auto 1fr; grid-template-columns: minmax(880px, 1fr);
        grid-template-areas: "controls" "picture" "look" "below"; } }
"""
_FLOWS = ":host%s { flex-flow: row wrap !important; align-items: end; width: auto !important; }"
#: Below the pictures the parts of a point stand side by side; so do the controls above them.
LOOK = f"""
@media (max-width: 1419px) {{ {_FLOWS % ""} }}
@media (max-width: 1649px) {{ {_FLOWS % "(.two)"} }}
:host {{ align-items: start !important; }}
"""
CONTROLS = f"""
@media (max-width: 949px) {{ {_FLOWS % ""} }}
@media (max-width: 1179px) {{ {_FLOWS % "(.two)"} }}
"""
ALERT = """
:host { margin: 4px 10px; }
div { background: #fdecea; border-left: 4px solid #D55E00; padding: 8px 12px; font-size: 14px; color: #4a1d05; }
"""
BANNER = """
:host { margin: 4px 10px; }
div { background: #fff6d6; border-left: 4px solid #E69F00; padding: 8px 12px; font-size: 14px; color: #4b3a00; }
"""
LEGEND = """
div { font-size: 13px; line-height: 22px; }
.entry { margin-right: 16px; white-space: nowrap; }
i { display: inline-block; width: 13px; height: 13px; margin-right: 5px; vertical-align: -2px;
    border: 1px solid #00000033; }
b { font-weight: 600; color: #5b6875; }
"""
LONG_NUMBER = "input.bk-input { font-size: 11px; padding: 4px 5px; }"
STATUS = "div { font-size: 13px; color: #5b6875; }"
DETAILS = """
div { font-size: 13px; line-height: 1.45; }
h3 { font-size: 14px; margin: 6px 0 4px; } h4 { font-size: 13px; margin: 8px 0 2px; }
table { border-collapse: collapse; } td { padding: 1px 10px 1px 0; vertical-align: top; }
td:first-child { color: #5b6875; } .hint { color: #5b6875; }
code { font-size: 12px; }
"""
PYTHON = """
pre { font-size: 12px; white-space: pre-wrap; background: #f4f6f8; border: 1px solid #d9dee4;
      padding: 6px 8px; margin: 2px 0; overflow-wrap: anywhere; user-select: all; }
"""
