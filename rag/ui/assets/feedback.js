/* What a person says of an answer: the thumbs under it, the dialog, and what happens to it then. */
(() => {
  const attest = window.attest;
  // Made by turns.js, which is read later.
  const make = (...all) => attest.make(...all), button = (...all) => attest.button(...all);
  const SAID = "attest.said"; // of this tab alone: which thumb was pressed, and the entry's id

  let server = null;
  attest.said = (calls) => {
    server = calls;
    document.documentElement.classList.add("att-can-say");
  };

  let words = null;
  function said() {
    const data = document.getElementById("att-say-words")?.dataset;
    return (words ??= data ? JSON.parse(data[document.documentElement.lang] ?? data.en) : {});
  }
  async function call(name, given) {
    try {
      return (await server[name](given)) ?? { error: said().failed };
    } catch {
      return { error: said().failed };
    }
  }

  // --- what was said already

  const memory = () => {
    try { return JSON.parse(sessionStorage.getItem(SAID)) ?? {}; } catch { return {}; }
  };
  function remember(key, value) {
    const all = memory();
    if (value) all[key] = value;
    else delete all[key];
    try { sessionStorage.setItem(SAID, JSON.stringify(all)); } catch { /* not kept, then */ }
    press();
  }
  const keyOf = (n) => `${attest.here()} ${attest.turn(n)?.asked}`;
  function press() {
    const all = memory();
    for (const thumb of document.querySelectorAll("[data-say]")) {
      const pressed = String(all[keyOf(Number(thumb.dataset.turn))]?.way === thumb.dataset.say);
      if (thumb.getAttribute("aria-pressed") !== pressed) thumb.setAttribute("aria-pressed", pressed);
    }
  }

  /* One line at the foot of the page, with a way back. */
  let fading = 0;
  function tell(line, undo) {
    clearTimeout(fading);
    document.getElementById("att-told")?.remove();
    const it = make("div", { id: "att-told" });
    it.setAttribute("role", "status");
    (document.querySelector(".gradio-container") ?? document.body).append(it);
    it.append(make("span", { textContent: line }));
    if (undo) it.append(button(said().undo, "att-quiet", undo));
    fading = setTimeout(() => it.remove(), undo ? 12_000 : 4_000);
    it.addEventListener("focusin", () => clearTimeout(fading));
  }

  async function keep(n, given) {
    const key = keyOf(n), way = given.good ? "up" : "down";
    const before = memory()[key];
    const kept = await call("say_keep", { conversation: attest.toExport(), n, ...given });
    if (kept.error) return kept.error;
    if (before) await call("say_forget", { id: before.id }); // one word an answer: the last
    remember(key, { way, id: kept.id });
    const line = given.good ? said().kept_up : kept.settled ? said().kept_down : said().kept_unsettled;
    tell(line, () => forget(key, kept.id));
    return null;
  }
  async function forget(key, id) {
    const answer = await call("say_forget", { id });
    if (answer.error) return tell(answer.error);
    remember(key, null);
    tell(said().undone);
  }

  // --- a text whose offsets count code points, shown where offsets count UTF-16 and lines end in \n

  class Part {
    constructor({ text, start, end, length }) {
      Object.assign(this, { raw: text, start, end, length, shown: text.replace(/\r\n?/g, "\n") });
    }
    rawAt(at) { // of an offset of `shown`, that of `raw`
      let i = 0;
      for (let j = 0; j < at; j += 1) i += this.raw[i] === "\r" && this.raw[i + 1] === "\n" ? 2 : 1;
      return i;
    }
    /* The selection as a span of the document, without white space around it; null for none. */
    span(from, to) {
      let low = this.rawAt(from), high = this.rawAt(to);
      while (low < high && /\s/.test(this.raw[low])) low += 1;
      while (low < high && /\s/.test(this.raw[high - 1])) high -= 1;
      if (low === high) return null;
      if (/[\udc00-\udfff]/.test(this.raw[low]) && low) low -= 1; // never half a character
      if (/[\ud800-\udbff]/.test(this.raw[high - 1])) high += 1;
      const quote = this.raw.slice(low, high);
      const start = this.start + [...this.raw.slice(0, low)].length;
      return { start, end: start + [...quote].length, quote };
    }
    /* Of a span of the document, offsets of `shown`. */
    shownAt(place) {
      const upTo = (n) => [...this.raw].slice(0, n - this.start).join("").replace(/\r\n?/g, "\n").length;
      return [upTo(place.start), upTo(place.end)];
    }
  }

  // --- the dialog

  const LONGEST = 5000;
  function down(n) {
    const words = said();
    let chosen = null, part = null, source = null;
    const problem = make("p", { className: "att-error", hidden: true });
    problem.setAttribute("role", "alert");
    const wrong = (line) => { problem.textContent = line ?? ""; problem.hidden = !line; };

    const reasons = make("fieldset", { className: "att-reasons" },
      make("legend", { textContent: words.which, className: "att-sr" }));
    for (const [name, label] of words.reasons) {
      const radio = make("input", { type: "radio", name: "att-reason", value: name });
      radio.addEventListener("change", () => {
        wrong("");
        summary.textContent = name === "should_not_have_answered" ? words.quote_refutes : words.quote;
      });
      reasons.append(make("label", {}, radio, make("span", { textContent: label })));
    }
    const note = make("input", { type: "text", id: "att-say-note", maxLength: 500, autocomplete: "off" });
    const noteLabel = make("label", { htmlFor: note.id, textContent: words.note });

    // the right quote
    const summary = make("summary", { textContent: words.quote });
    const query = make("input", { type: "search", id: "att-say-query", maxLength: 500 });
    query.setAttribute("aria-label", words.search);
    query.placeholder = words.search;
    const found = make("ul", { className: "att-say-found" });
    found.setAttribute("aria-live", "polite");
    const documents = make("select", { id: "att-say-document" },
      make("option", { value: "", textContent: words.choose }));
    // Not readOnly: a browser then takes most keys for scrolling. It can't be changed all the same.
    const area = make("textarea", { rows: 9, id: "att-say-text", hidden: true, inputMode: "none", spellcheck: false });
    area.setAttribute("aria-readonly", "true");
    area.addEventListener("beforeinput", (event) => event.preventDefault());
    area.addEventListener("input", () => { area.value = part?.shown ?? ""; });
    const where = make("span", { className: "att-say-where" });
    const earlier = button(words.earlier, "att-quiet", () => read(source, Math.max(0, part.start - 50_000)));
    const later = button(words.later, "att-quiet", () => read(source, part.end));
    const steps = make("div", { className: "att-say-steps", hidden: true }, earlier, where, later);
    const quote = make("blockquote");
    const file = make("span", { className: "att-file" });
    const shown = make("div", { className: "att-say-chosen", hidden: true },
      make("b", { textContent: words.chosen }), quote, file,
      button(words.remove, "att-quiet", () => { choose(null); documents.focus(); }));
    shown.setAttribute("role", "status");

    function choose(place) {
      if (place && [...place.quote].length > LONGEST) return wrong(attest.fill(words.too_long, { n: LONGEST }));
      wrong("");
      chosen = place;
      shown.hidden = !place;
      quote.textContent = place?.quote ?? "";
      file.textContent = place?.source ?? "";
    }
    let reading = 0;
    async function read(name, start, place = null) {
      const mine = reading += 1;
      if (!name) { area.hidden = steps.hidden = true; return; }
      const answer = await call("say_read", { source: name, start });
      if (mine !== reading) return; // another was chosen meanwhile
      if (answer.error) return wrong(answer.error);
      wrong("");
      source = name;
      part = new Part(answer);
      documents.value = name;
      area.hidden = false;
      area.value = part.shown;
      area.lang = answer.language ?? "";
      area.setAttribute("aria-label", `${attest.fill(words.text, { title: answer.title ?? name })}. ${words.text_hint}`);
      steps.hidden = part.length <= part.end - part.start;
      earlier.disabled = part.start === 0;
      later.disabled = part.end >= part.length;
      where.textContent = attest.fill(words.part, part);
      if (document.activeElement?.disabled || document.activeElement === document.body) area.focus();
      const [low, high] = place ? part.shownAt(place) : [0, 0];
      area.setSelectionRange(low, high);
      area.scrollTop = 0;
      if (place) { // the keyboard moves along; no browser says where a line of a text area stands: about there
        area.focus();
        area.scrollTop = Math.max(0, (low / part.shown.length) * area.scrollHeight - area.clientHeight / 2);
      }
    }
    function select() {
      if (!part || area.selectionStart === area.selectionEnd) return;
      const span = part.span(area.selectionStart, area.selectionEnd);
      if (span) choose({ source, ...span });
    }
    for (const name of ["select", "mouseup", "keyup", "touchend"]) area.addEventListener(name, select);
    documents.addEventListener("change", () => read(documents.value, 0));
    async function find() {
      if (!query.value.trim()) return query.focus();
      const answer = await call("say_find", { query: query.value });
      if (answer.error) return wrong(answer.error);
      wrong("");
      found.replaceChildren(...answer.found.map((place) => {
        const use = button(words.use, "att-quiet", async () => {
          choose(place);
          await read(place.source, Math.max(0, place.start - 5000), place);
          choose(place);
        });
        const name = make("span", { className: "att-file", textContent: place.title });
        const it = make("blockquote", { textContent: place.quote, lang: place.language });
        use.setAttribute("aria-label", `${words.use}: ${place.quote.slice(0, 120)}`);
        return make("li", {}, make("div", {}, it, name), use);
      }));
      if (!answer.found.length) found.append(make("li", { textContent: words.nothing }));
    }
    query.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      find();
    });
    const details = make("details", { className: "att-say-quote" }, summary,
      make("p", { className: "att-hint", textContent: words.quote_hint }),
      make("div", { className: "att-say-search" }, query, button(words.search_button, "att-plain", find)),
      found,
      make("label", { htmlFor: documents.id, textContent: words.document }), documents, area, steps);
    details.addEventListener("toggle", async () => {
      if (!details.open || documents.length > 1) return;
      const answer = await call("say_documents", {});
      if (answer.error) return wrong(answer.error);
      const cited = new Set((attest.turn(n)?.answer?.citations ?? []).map((it) => it.source));
      const all = answer.documents.map(([value, title]) =>
        make("option", { value, textContent: title === value ? title : `${title} (${value})` }));
      documents.append(...all.filter((it) => cited.has(it.value)), ...all.filter((it) => !cited.has(it.value)));
    });

    attest.dialog("att-say", words.heading, (leave) => {
      const send = button(words.keep, "att-main", async () => {
        const reason = reasons.querySelector("input:checked")?.value;
        if (!reason) {
          wrong(words.choose_reason);
          return reasons.querySelector("input").focus();
        }
        send.disabled = true;
        send.textContent = words.keeping;
        const trouble = await keep(n, { good: false, reason, note: note.value, right: chosen });
        send.disabled = false;
        send.textContent = words.keep;
        if (trouble) return wrong(trouble);
        leave();
      });
      return [
        make("p", { className: "att-asked", textContent: String(attest.turn(n)?.question ?? "").slice(0, 600) }),
        reasons,
        make("div", { className: "att-say-note" }, noteLabel, note),
        details, shown, problem,
        make("div", { className: "att-feet" }, make("span", { className: "att-say-here", textContent: words.here_only }),
          button(words.cancel, "att-plain", leave), send),
      ];
    });
    reasons.querySelector("input").focus();
  }

  document.addEventListener("click", async (event) => {
    if (event.target instanceof Element && event.target.closest("[role=tab]")) {
      document.getElementById("att-told")?.remove();
    }
    const thumb = event.target instanceof Element && event.target.closest("[data-say]");
    if (!thumb || !server) return;
    const n = Number(thumb.dataset.turn), before = memory()[keyOf(n)];
    if (!attest.turn(n)?.answer) return;
    if (before?.way === thumb.dataset.say) return forget(keyOf(n), before.id);
    if (thumb.dataset.say === "down") return down(n);
    const trouble = await keep(n, { good: true });
    if (trouble) tell(trouble);
  });

  new MutationObserver(press).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-say", "aria-pressed"],
  });
})();
