/* What the page does by itself in the browser. Delegated listeners only: Gradio redraws pieces. */
(() => {
  const french = (navigator.language || "en").toLowerCase().startsWith("fr");
  document.documentElement.lang = french ? "fr" : "en";

  const calm = () =>
    matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  let opener = null;

  function showPanel(button) {
    opener = button;
    document.body.classList.add("att-panel-open");
  }
  function hidePanel() {
    if (!document.body.classList.contains("att-panel-open")) return;
    document.body.classList.remove("att-panel-open");
    if (opener && opener.isConnected) opener.focus();
    opener = null;
  }

  async function copy(button) {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const before = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const marker = target.closest("a.att-marker");
    if (marker) {
      event.preventDefault();
      const card = document.getElementById(marker.getAttribute("href").slice(1));
      if (card) {
        card.scrollIntoView({ behavior: calm(), block: "center" });
        card.focus({ preventScroll: true });
        card.classList.remove("att-flash");
        void card.offsetWidth;
        card.classList.add("att-flash");
      }
      return;
    }
    const button = target.closest("[data-copy]");
    if (button) copy(button);
    if (target.closest("[data-close]")) hidePanel();
    const open = target.closest("[data-event=select]");
    if (open) showPanel(open);
    const summary = target.closest("summary");
    if (summary) summary.parentElement.attWanted = !summary.parentElement.open;
    if (target.closest("#att-new")) {
      hidePanel();
      document.querySelector("#att-question textarea, #att-question input")?.focus();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hidePanel();
  });

  /* Streaming redraws a turn and would fold what the reader has opened; a new question comes
     into view; a document opens at its quote. */
  let turns = 0;
  new MutationObserver((changes) => {
    for (const change of changes) {
      const node = change.target;
      if (change.attributeName === "open" && node.attWanted !== undefined) {
        if (node.open !== node.attWanted) node.open = node.attWanted;
      }
      if (change.attributeName === "data-nonce" || [...change.addedNodes].some(
        (added) => added instanceof Element && added.matches(".att-panel, .att-panel *"))) {
        placePanel();
      }
    }
    const now = document.querySelectorAll(".att-turn");
    if (now.length > turns) {
      const last = now[now.length - 1];
      requestAnimationFrame(() => last.scrollIntoView({ behavior: calm(), block: "start" }));
    }
    turns = now.length;
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["open", "data-nonce"],
  });

  let placing = 0;
  function placePanel() {
    cancelAnimationFrame(placing);
    placing = requestAnimationFrame(() => {
      const panel = document.querySelector(".att-panel");
      if (!panel || !document.body.classList.contains("att-panel-open")) return;
      const mark = panel.querySelector("mark");
      if (mark) mark.scrollIntoView({ block: "center" });
      else panel.querySelector(".att-text")?.scrollTo(0, 0);
      panel.querySelector("h2")?.focus({ preventScroll: true });
    });
  }
})();
