"""The web page: it renders what the assistant says and computes nothing itself.

Gradio reads its switches when it is imported, so whatever could leave the machine (usage figures,
version checks, a public link) is switched off here, before any module of this package imports it.
"""

import os
import tempfile

_incoming = tempfile.TemporaryDirectory(prefix="attest-", ignore_cleanup_errors=True)
"""Where Gradio puts what is uploaded, before it is taken in or refused: no other user of the machine
may read it, and it goes when the process ends."""

os.environ.update(
    GRADIO_TEMP_DIR=_incoming.name,
    GRADIO_ANALYTICS_ENABLED="False",
    GRADIO_SHARE="False",
    GRADIO_SSR_MODE="False",
    HF_HUB_DISABLE_TELEMETRY="1",
)
