/* A turn's buttons and their dialogs, the clock, what is announced, the keyboard. */
(() => {
  const attest = window.attest;

  // --- dialogs: the browser's own, which keep the focus inside and give it back

  function make(tag, properties = {}, ...children) {
    const { data = {}, ...rest } = properties;
    const element = Object.assign(document.createElement(tag), rest);
    Object.assign(element.dataset, data);
    element.append(...children.filter((child) => child !== null));
    return element;
  }
  /* Shows a dialog until it is left; `fill` makes its body, and gets a function that closes it. */
  function dialog(name, heading, fill) {
    document.getElementById(name)?.remove();
    const title = make("h2", { textContent: heading, id: `${name}-title`, tabIndex: -1 });
    const close = make("button", {
      type: "button", className: "att-close", textContent: attest.words().close,
    });
    const it = make("dialog", { id: name, className: "att-dialog" }, make("header", {}, title, close));
    it.setAttribute("aria-labelledby", title.id);
    const leave = () => it.close();
    close.addEventListener("click", leave);
    it.addEventListener("click", (event) => { if (event.target === it) leave(); });
    it.addEventListener("close", () => it.remove());
    it.append(...fill(leave));
    (document.querySelector(".gradio-container") ?? document.body).append(it);
    it.showModal();
    return it;
  }
  const button = (text, className, act) => {
    const it = make("button", { type: "button", className, textContent: text });
    it.addEventListener("click", act);
    return it;
  };
  Object.assign(attest, { make, dialog, button });

  /* The turn asked anew, with another question or another search, or as it was. */
  function change(act, n, text) {
    const words = attest.words(), turn = attest.turn(n), after = attest.turns() - n;
    if (!turn || attest.busy()) return;
    const kept = { question: String(turn.question ?? ""), told: turn.told ?? null, keep: n - 1 };
    if (act === "again" && !after) {
      attest.ask(kept);
      attest.focus();
      return;
    }
    const start = { edit: kept.question, told: text ?? kept.told ?? "" }[act];
    const area = start === undefined ? null : make("textarea", { value: start, rows: 3 });
    const go = (leave) => {
      const said = area?.value ?? "";
      if (area && !said.trim()) return area.focus();
      leave();
      if (act === "edit") Object.assign(kept, { question: said, told: null });
      if (act === "told") kept.told = said;
      attest.ask(kept);
      attest.focus();
    };
    dialog("att-change", words[`${act}_heading`], (leave) => {
      const hints = [words[`${act}_hint`], after ? attest.count(words.drops, after) : null];
      const hint = make("p", {
        className: "att-hint", id: "att-change-hint", textContent: hints.filter(Boolean).join(" "),
      });
      area?.setAttribute("aria-labelledby", "att-change-title");
      area?.setAttribute("aria-describedby", hint.id);
      area?.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        go(leave);
      });
      return [
        act === "again" ? make("p", { className: "att-asked", textContent: kept.question }) : null,
        area, hint,
        make("div", { className: "att-feet" }, button(words.cancel, "att-plain", leave),
          button(words.ask, "att-main", () => go(leave))),
      ].filter(Boolean);
    });
    area?.focus();
    area?.setSelectionRange(area.value.length, area.value.length);
  }

  function toExport() {
    const words = attest.words();
    dialog("att-export", words.export_heading, (leave) => ["markdown", "json"].map((kind) => {
      const it = button("", "att-choice", () => { leave(); attest.export(kind); });
      it.dataset.kind = kind;
      it.append(make("b", { textContent: words[kind] }),
        make("span", { textContent: words[`${kind}_hint`] }));
      return it;
    }));
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const ask = target?.closest("[data-ask]");
    if (ask) {
      attest.ask({ question: ask.dataset.ask });
      attest.focus();
    }
    const act = target?.closest("[data-act]");
    if (act?.dataset.act === "past") attest.past();
    else if (act?.dataset.act === "export") toExport();
    else if (act) change(act.dataset.act, Number(act.dataset.turn), act.dataset.text);
    if (target?.closest("#att-send, #att-stop")) attest.focus(); // the button itself goes
  });

  // --- the keyboard: Escape closes what lies on top, else stops the answer

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return event.stopPropagation();
    if (document.body.classList.contains("att-panel-open")) return;
    const stop = document.getElementById("att-stop");
    if (stop && attest.busy()) {
      stop.click();
      attest.focus();
    }
  }, true);

  // --- the clock moves here: the server speaks only when something has happened

  setInterval(() => {
    const clock = document.querySelector('.att-turn[aria-busy="true"] .att-clock');
    if (!clock) return;
    const french = document.documentElement.lang === "fr";
    const seconds = ((performance.now() - attest.began()) / 1000).toFixed(1);
    clock.textContent = `${french ? seconds.replace(".", ",") : seconds}\u00a0s`;
  }, 100);

  // --- one live region that is always there: states, not every piece

  const region = make("div", { className: "att-sr", id: "att-live" });
  region.setAttribute("role", "status");
  let last = "";
  function announce() {
    const turn = [...document.querySelectorAll(".att-turn")].at(-1);
    const words = turn?.querySelector(".att-state")?.textContent ?? "";
    const state = turn?.dataset.state ?? "";
    const what = `${turn?.id}-${state}-${state === "waiting" ? words : ""}`;
    if (what === last) return;
    const begun = last.startsWith(`${turn?.id}-`) || attest.busy();
    last = what;
    if (words && begun) region.textContent = words;
  }
  /* Gradio says in English alone that its server is gone. */
  function toasts() {
    for (const text of document.querySelectorAll('[data-testid="toast-text"]')) {
      if (text.textContent.includes("Connection to the server was lost")) {
        text.textContent = attest.words().lost;
      }
    }
  }
  function begin() {
    document.body.append(region);
    new MutationObserver(() => { announce(); toasts(); }).observe(document.body, {
      subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"],
    });
  }
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
