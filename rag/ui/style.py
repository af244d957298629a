"""The theme that Gradio's own components take: plain fonts of the system, the page's colours.

Colours are CSS variables of `assets/attest.css`, so light and dark are told apart in one place.
"""

from __future__ import annotations

import gradio as gr

SANS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "Liberation Sans",
    "sans-serif",
)
MONO = ("ui-monospace", "Cascadia Mono", "Menlo", "Consolas", "Liberation Mono", "monospace")


def theme() -> gr.themes.Base:
    """No web fonts: nothing is fetched."""
    base = gr.themes.Base(
        font=list(SANS), font_mono=list(MONO), text_size="lg", radius_size="md", spacing_size="md"
    )
    both = {
        "body_background_fill": "var(--att-page)",
        "body_text_color": "var(--att-ink)",
        "body_text_color_subdued": "var(--att-soft)",
        "background_fill_primary": "var(--att-page)",
        "background_fill_secondary": "var(--att-raised)",
        "block_background_fill": "transparent",
        "block_border_width": "0px",
        "border_color_primary": "var(--att-line)",
        "border_color_accent": "var(--att-accent)",
        "color_accent_soft": "var(--att-tint)",
        "input_background_fill": "var(--att-raised)",
        "input_border_color": "var(--att-line)",
        "input_border_color_focus": "var(--att-accent)",
        "input_placeholder_color": "var(--att-soft)",
        "button_primary_background_fill": "var(--att-accent)",
        "button_primary_background_fill_hover": "var(--att-accent-strong)",
        "button_primary_text_color": "var(--att-on-accent)",
        "button_primary_text_color_hover": "var(--att-on-accent)",
        "button_secondary_background_fill": "var(--att-raised)",
        "button_secondary_background_fill_hover": "var(--att-tint)",
        "button_secondary_text_color": "var(--att-ink)",
        "button_secondary_border_color": "var(--att-line)",
    }
    dark = {f"{name}_dark": value for name, value in both.items() if not name.endswith("_width")}
    return base.set(**both, **dark)
