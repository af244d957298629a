/* What the page does by itself in the browser. Delegated listeners only: Gradio redraws pieces. */
(() => {
  const french = (navigator.language || "en").toLowerCase().startsWith("fr");
  document.documentElement.lang = french ? "fr" : "en";

  const calm = () =>
    matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
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
    const button = target.closest("[data-copy]");
    if (button) copy(button);
    const summary = target.closest("summary");
    if (summary) summary.parentElement.attWanted = !summary.parentElement.open;
    if (target.closest("#att-new")) {
      document.querySelector("#att-question textarea, #att-question input")?.focus();
    }
  });

  /* Streaming redraws a turn and would fold what the reader has opened; a new question comes
     into view. */
  let turns = 0;
  new MutationObserver((changes) => {
    for (const change of changes) {
      const node = change.target;
      if (change.attributeName === "open" && node.attWanted !== undefined) {
        if (node.open !== node.attWanted) node.open = node.attWanted;
      }
    }
    const now = document.querySelectorAll(".att-turn");
    if (now.length > turns) {
      const last = now[now.length - 1];
      requestAnimationFrame(() => last.scrollIntoView({ behavior: calm(), block: "start" }));
    }
    turns = now.length;
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["open"],
  });
})();
