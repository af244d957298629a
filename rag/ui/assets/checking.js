/* Checking an answer: the quote behind a marker, the document beside the chat. */
(() => {
  const narrow = matchMedia("(max-width: 899px)");
  const calm = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
  const isOpen = () => document.body.classList.contains("att-panel-open");
  const panel = () => document.querySelector("#att-panel .att-panel");

  /* --- the quote behind a marker ------------------------------------------------------- */

  let tip = null;
  let tipped = null; // the marker whose quote is shown
  let leaving = 0;
  let quiet = false; // focus that comes back by itself shows nothing

  function showTip(marker) {
    clearTimeout(leaving);
    if (tipped === marker) return;
    if (!tip) {
      tip = document.createElement("div");
      tip.id = "att-tip";
      tip.setAttribute("role", "tooltip");
      tip.addEventListener("pointerenter", () => clearTimeout(leaving));
      tip.addEventListener("pointerleave", hideTipSoon);
      document.body.append(tip);
    }
    tipped = marker;
    tip.lang = marker.dataset.lang || "";
    tip.textContent = marker.dataset.quote || "";
    tip.hidden = false;
    placeTip();
  }
  function placeTip() {
    const at = tipped.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const room = document.documentElement.clientWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(at.left, room - size.width))}px`;
    const below = at.bottom + 6;
    const above = at.top - 6 - size.height;
    tip.style.top = `${below + size.height <= innerHeight - 8 || above < 8 ? below : above}px`;
  }
  function hideTip() {
    clearTimeout(leaving);
    if (!tipped) return false;
    tipped = null;
    tip.hidden = true;
    return true;
  }
  function hideTipSoon() {
    clearTimeout(leaving);
    leaving = setTimeout(hideTip, 200);
  }
  const markerOf = (event) =>
    event.target instanceof Element ? event.target.closest(".att-marker") : null;

  document.addEventListener("pointerover", (event) => {
    const marker = markerOf(event);
    if (marker && event.pointerType !== "touch") showTip(marker);
  });
  document.addEventListener("pointerout", (event) => {
    if (markerOf(event) && document.activeElement !== tipped) hideTipSoon();
  });
  document.addEventListener("focusin", (event) => {
    const marker = markerOf(event);
    if (marker && !quiet) showTip(marker);
    else if (tip && !tip.contains(event.target)) hideTip();
  });
  document.addEventListener("focusout", (event) => {
    if (markerOf(event)) hideTipSoon();
  });
  addEventListener("scroll", (event) => {
    if (!tipped || event.target === tip) return;
    const at = tipped.getBoundingClientRect();
    if (!tipped.isConnected || at.bottom < 0 || at.top > innerHeight) hideTip();
    else placeTip();
  }, true);
  addEventListener("resize", hideTip);

  /* --- the document beside the chat ----------------------------------------------------- */

  let opener = null;
  let found = null; // how to find it again when the page has redrawn it

  function showPanel(button) {
    hideTip();
    const inside = button.closest("#att-panel");
    if (!inside) {
      opener = button;
      const { source, start, n } = button.dataset;
      const turn = button.closest(".att-turn");
      found = (other) => other.className === button.className && other.dataset.source === source
        && other.dataset.start === start && other.dataset.n === n
        && other.closest(".att-turn")?.id === turn?.id;
    }
    panel()?.setAttribute("aria-busy", "true");
    keeping(inside ? null : button, () => document.body.classList.add("att-panel-open"));
  }
  function hidePanel() {
    if (!isOpen()) return;
    const back = opener?.isConnected ? opener
      : found && [...document.querySelectorAll("[data-event=select]")].find(found);
    keeping(back, () => document.body.classList.remove("att-panel-open"));
    quiet = true;
    back?.focus({ preventScroll: true });
    quiet = false;
    opener = found = null;
  }
  /* The chat gets narrower or wider: what was looked at stays where it was. */
  function keeping(element, change) {
    const before = element?.getBoundingClientRect().top;
    change();
    if (element && !narrow.matches) scrollBy(0, element.getBoundingClientRect().top - before);
  }

  let placing = 0;
  function placePanel() {
    cancelAnimationFrame(placing);
    placing = requestAnimationFrame(() => {
      const shown = panel();
      if (!shown || !isOpen()) return;
      shown.removeAttribute("aria-busy");
      modal();
      const text = shown.querySelector(".att-text");
      const at = text?.querySelector("mark.att-quote-now") || text?.querySelector("#att-at");
      if (at) centre(text, at, "auto");
      else text?.scrollTo(0, 0);
      shown.querySelector("h2")?.focus({ preventScroll: true });
    });
  }
  function centre(text, element, behavior) {
    const box = text.getBoundingClientRect();
    const own = element.getBoundingClientRect();
    const space = Math.max(40, (box.height - own.height) / 2);
    text.scrollTo({ top: text.scrollTop + own.top - box.top - space, behavior });
  }
  function modal() {
    const shown = panel();
    if (!shown) return;
    if (narrow.matches && isOpen()) {
      shown.setAttribute("role", "dialog");
      shown.setAttribute("aria-modal", "true");
    } else {
      shown.removeAttribute("role");
      shown.removeAttribute("aria-modal");
    }
  }
  narrow.addEventListener("change", modal);

  new MutationObserver((changes) => {
    const news = changes.some((change) => change.attributeName === "data-nonce"
      || [...change.addedNodes].some(
        (added) => added instanceof Element && added.matches("#att-panel .att-panel")));
    if (news) placePanel();
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-nonce"],
  });

  /* --- between the marked places -------------------------------------------------------- */

  const places = () => [...(panel()?.querySelectorAll(".att-place") || [])];

  function go(k, focus) {
    const link = places()[k];
    if (!link) return;
    if (link.dataset.event) { link.click(); return; } // in a part that isn't shown
    const shown = panel();
    for (const other of places()) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    for (const mark of shown.querySelectorAll("mark")) {
      const here = mark.dataset.k === String(k);
      mark.classList.toggle("att-quote-now", here);
      mark.classList.toggle("att-quote-other", !here);
    }
    const said = shown.querySelector(".att-place-of");
    if (said) said.textContent = said.dataset.of.replace("{n}", k + 1).replace("{of}", places().length);
    const mark = document.getElementById(link.hash.slice(1));
    if (!mark) return;
    centre(shown.querySelector(".att-text"), mark, calm());
    if (focus) mark.focus({ preventScroll: true });
  }
  function step(by) {
    const all = places();
    const now = all.findIndex((link) => link.hasAttribute("aria-current"));
    const from = now < 0 ? (by > 0 ? -1 : 0) : now;
    go((from + by + all.length) % all.length, false);
  }

  /* --- what is done with mouse and keys ------------------------------------------------- */

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const open = target.closest("[data-event=select]");
    if (open) { showPanel(open); return; }
    if (target.closest("[data-close], #att-new, .att-do")) hidePanel();
    const all = target.closest(".att-do[data-event=expand]");
    if (all) askedOfAll = all.dataset.question;
    const place = target.closest(".att-place");
    if (place) {
      event.preventDefault();
      go(Number(place.dataset.k), true);
    }
    const by = target.closest("[data-step]");
    if (by) step(Number(by.dataset.step));
    const mark = target.closest(".att-text mark.att-quote-other");
    if (mark && getSelection().isCollapsed) go(Number(mark.dataset.k), false);
  });

  /* A refusal's question, asked of all documents once the choice of some is undone. */
  let askedOfAll = "";
  window.attestAskAll = () => {
    window.attest.ask({ question: askedOfAll });
    window.attest.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && hideTip()) event.stopImmediatePropagation();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      hidePanel();
      return;
    }
    const shown = isOpen() && panel();
    if (!shown) return;
    const inside = shown.contains(document.activeElement);
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const plain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
    const typing = document.activeElement?.closest("input, textarea, select, [contenteditable]");
    if (by && inside && plain && !typing && places().length > 1) {
      event.preventDefault();
      step(by);
    }
    if (event.key === "Tab" && narrow.matches) {
      const stops = [...shown.querySelectorAll("a[href], button, [tabindex='0']")];
      const first = stops[0], last = stops[stops.length - 1];
      if (!inside || document.activeElement === (event.shiftKey ? first : last)
        || (event.shiftKey && document.activeElement?.matches("h2"))) {
        event.preventDefault();
        (event.shiftKey ? last : first)?.focus();
      }
    }
  });

  /* An answer prints with every file that it names. */
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details.att-also:not([open])")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
    folded = [];
  });
})();
