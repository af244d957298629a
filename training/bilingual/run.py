"""A training that ends after so many minutes and is taken on where it was broken off."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import torch

from training.bilingual.encoder import save_checkpoint

log = logging.getLogger("training")
SHOWN = 50
KEPT = 100
"""Steps between two lines of the log, and between two checkpoints."""
SMOOTH = 0.02
"""What a new loss weighs in the figure that is logged."""


class Run:
    """The steps of one training. Every group of the optimizer names its highest rate as `top`; the
    rate rises to it over `warm` steps and falls to nothing by the end, which is known in time, not
    in steps."""

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        work: Path,
        minutes: float,
        warm: int,
        losses: tuple[str, ...],
    ) -> None:
        """Takes on from the checkpoint in the work folder, if there is one; `losses` are the kinds
        that will be learned."""
        self._model, self._optimizer, self._work = model, optimizer, work
        self._minutes, self._warm = minutes, warm
        self._shown = dict.fromkeys(losses, 0.0)
        self._started: float | None = None
        self.step, self._spent = 0, 0.0
        if self._checkpoint.is_file():
            state = torch.load(self._checkpoint)
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            self.step, self._spent = state["step"], state["spent"]

    @property
    def _checkpoint(self) -> Path:
        return self._work / "checkpoint.pt"

    def goes_on(self) -> bool:
        """Whether there is time for another step, for which the rates are then set. The clock starts
        with the first call: what was done before it doesn't count."""
        if self._started is None:
            self._started = time.monotonic() - self._spent
        self._spent = time.monotonic() - self._started
        left = 1 - self._spent / (self._minutes * 60)
        share = min(1.0, (self.step + 1) / self._warm) * max(0.0, left)
        for group in self._optimizer.param_groups:
            group["lr"] = group["top"] * share
        return left > 0

    def learn(self, kind: str, loss: torch.Tensor) -> None:
        """One step down the gradient."""
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.step += 1
        value, before = loss.item(), self._shown[kind]
        self._shown[kind] = before + SMOOTH * (value - before) if before else value
        if self.step % SHOWN == 0:
            figures = ", ".join(f"{name} {value:.4f}" for name, value in self._shown.items())
            log.info("step %d, %.1f min, %s", self.step, self._spent / 60, figures)
        if self.step % KEPT == 0:
            state = self._state() | {"optimizer": self._optimizer.state_dict()}
            save_checkpoint(self._checkpoint, state)

    def finish(self) -> None:
        """Writes `trained.pt` into the work folder."""
        save_checkpoint(self._work / "trained.pt", self._state())
        log.info("%d steps, %.1f minutes", self.step, self._spent / 60)

    def _state(self) -> dict[str, object]:
        return {"model": self._model.state_dict(), "step": self.step, "spent": self._spent}
