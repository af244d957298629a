/* The dialog in which documents are chosen, and lists that are filtered as one types. */
(() => {
  const dialog = () => document.querySelector("dialog.att-picker");
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  let opener = null;

  function entries(root) { return [...root.querySelectorAll("[data-entry]")]; }

  /* Every word that was typed must stand somewhere in the entry, accents and case aside. */
  function filter(input) {
    const root = input.closest("dialog, .att-documents-list");
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    const all = entries(root);
    let shown = 0;
    for (const entry of all) {
      entry.attPlain ??= plain(entry.textContent + " " + (entry.dataset.entry || ""));
      const fits = words.every((word) => entry.attPlain.includes(word));
      entry.hidden = !fits;
      shown += fits;
    }
    const said = root.querySelector(".att-shown");
    if (said) {
      said.textContent = words.length
        ? said.dataset.text.replace("{n}", shown).replace("{of}", all.length) : "";
    }
  }

  function problem(text) {
    const line = dialog()?.querySelector(".att-error");
    if (!line) return;
    line.textContent = text;
    line.hidden = !text;
  }

  function form() {
    const root = dialog();
    const value = (name) => root.querySelector(`[name=${name}]`).value.trim() || null;
    const ticked = [...root.querySelectorAll("input[type=checkbox]:checked")].map((box) => box.value);
    return JSON.stringify({
      sources: ticked.length ? ticked : null, since: value("since"), until: value("until"),
    });
  }

  window.attestChoice = {
    open(said) {
      const root = dialog();
      if (said || !root) {
        const line = document.querySelector("#att-said");
        if (line) line.textContent = said;
        return;
      }
      if (!root.open) root.showModal();
      root.querySelector("h2").focus();
    },
    done(said) {
      if (said) {
        problem(said);
        return;
      }
      dialog()?.close();
      const control = opener && [...document.querySelectorAll(`#${opener} .att-chosen`)]
        .find((button) => button.offsetParent);
      control?.focus();
    },
    filter,
  };

  /* Before the component forwards the click as its event. */
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const root = target?.closest("dialog.att-picker");
    const chosen = target?.closest(".att-chosen, .att-unchoose");
    if (chosen) opener = chosen.closest("[id]").id;
    if (!root) return;
    if (target.closest("[data-event=apply]")) {
      const wrong = root.querySelector("input:invalid");
      if (wrong) {
        event.stopPropagation();
        problem(root.querySelector("#att-picker-shape").textContent);
        wrong.focus();
        return;
      }
      target.closest("[data-event=apply]").dataset.chosen = form();
    }
    if (target.closest("[data-choice=cancel]") || target === root) root.close();
    const tick = target.closest("[data-tick]")?.dataset.tick;
    if (tick) {
      for (const entry of entries(root)) {
        const box = entry.querySelector("input");
        if (tick === "none") box.checked = false;
        else if (!entry.hidden) box.checked = true;
      }
    }
  }, true);

  document.addEventListener("input", (event) => {
    if (event.target instanceof Element && event.target.matches(".att-filter input")) {
      filter(event.target);
    }
  });

  document.addEventListener("keydown", (event) => {
    const root = event.target instanceof Element ? event.target.closest("dialog") : null;
    if (!root) return;
    if (event.key === "Escape") event.stopPropagation(); // the panel behind stays
    if (event.key === "Enter" && event.target.matches("dialog.att-picker input")) {
      event.preventDefault();
      root.querySelector("[data-event=apply]").click();
    }
  }, true);
})();
