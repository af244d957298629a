/* The conversations: in this browser's local storage, one entry each, and nowhere else. The server
   gets the one that a question belongs to along with the question, and forgets it. */
window.attest = (() => {
  const ENTRY = "attest.conversation.", DELETED = "attest.deleted";
  const HERE = "attest.here", DRAFT = "attest.draft"; // of this tab alone
  const LIMIT = 4_000_000; // characters of all entries; browsers give about 5 million

  const area = (name) => { try { const it = window[name]; it.getItem(HERE); return it; } catch { return null; } };
  const store = area("localStorage"), tab = area("sessionStorage");
  const blank = () => ({ v: 1, id: id(), rev: 0, started: now(), updated: now(), turns: [] });
  const now = () => new Date().toISOString();
  const id = () => [...crypto.getRandomValues(new Uint32Array(4))]
    .map((n) => n.toString(16).padStart(8, "0")).join("");

  let current = blank();
  let next = null; // what was chosen instead of typed
  let busy = false;
  let began = 0;

  // --- words

  let said = null;
  function words() {
    const data = document.getElementById("att-words")?.dataset;
    return (said ??= data ? JSON.parse(data[document.documentElement.lang] ?? data.en) : null) ?? {};
  }
  const fill = (text, blanks) => text.replace(/{(\w+)}/g, (all, name) => blanks[name] ?? all);
  function count(forms, n) {
    const one = n === 1 || (n === 0 && document.documentElement.lang === "fr");
    return fill(forms[one ? 0 : 1], { n });
  }
  const when = (iso, style) => {
    const time = new Date(iso);
    const lang = document.documentElement.lang, own = navigator.language ?? "";
    return isNaN(time) ? "" : time.toLocaleString(own.startsWith(lang) ? own : lang, style);
  };

  // --- what is kept. Whatever is read may be damaged, by hand or by another version.

  function parsed(text, key) {
    try {
      const it = JSON.parse(text);
      if (!it || ENTRY + it.id !== key || !/^[a-z0-9-]{1,64}$/.test(it.id)) return null;
      if (!Array.isArray(it.turns) || !Number.isSafeInteger(it.rev)) return null;
      const time = (value) => (isNaN(new Date(value)) ? now() : new Date(value).toISOString());
      return { ...it, started: time(it.started), updated: time(it.updated) };
    } catch {
      return null;
    }
  }
  function entries() {
    const keys = store ? Object.keys(store).filter((key) => key.startsWith(ENTRY)) : [];
    return keys.map((key) => {
      const text = store.getItem(key) ?? "", conversation = parsed(text, key);
      return { key, size: text.length, conversation, updated: conversation?.updated ?? "" };
    }).sort((a, b) => (a.updated < b.updated ? 1 : -1));
  }
  const read = (id) => {
    const text = store?.getItem(ENTRY + id);
    return text ? parsed(text, ENTRY + id) : null;
  };

  /* Written whole; the oldest others make room. */
  function write(conversation) {
    if (!store) return say(words().off);
    conversation.rev += 1;
    conversation.updated = now();
    const key = ENTRY + conversation.id, text = JSON.stringify(conversation);
    if (text.length > LIMIT) return say(words().too_long);
    const others = entries().filter((entry) => entry.key !== key);
    let room = LIMIT - text.length - others.reduce((sum, entry) => sum + entry.size, 0);
    let dropped = 0;
    for (let done = false; !done;) {
      try {
        if (room >= 0) store.setItem(key, text);
        done = room >= 0;
      } catch {
        room = -1;
      }
      if (done) break;
      const oldest = others.pop();
      if (!oldest) return say(words().too_long);
      store.removeItem(oldest.key);
      room += oldest.size;
      dropped += 1;
    }
    if (conversation.id === current.id) tab?.setItem(HERE, conversation.id);
    if (dropped) say(count(words().dropped, dropped));
    counted();
  }
  /* Before a write: what another tab wrote into the same conversation stays, ours becomes a copy. */
  function parted() {
    const stored = read(current.id);
    if (!stored || stored.rev === current.rev) return;
    current = { ...current, id: id(), rev: 0 };
    say(words().forked);
  }
  function counted() {
    document.documentElement.style.setProperty("--att-kept", `"${entries().length}"`);
    document.documentElement.classList.toggle("att-has-past", entries().length > 0);
  }

  function remove(ids) {
    if (!store) return;
    store.setItem(DELETED, JSON.stringify(ids)); // so that other tabs know it was meant
    store.removeItem(DELETED);
    for (const id of ids) store.removeItem(ENTRY + id);
    counted();
    if (ids.includes(current.id)) leave();
  }
  function leave() {
    current = blank();
    document.getElementById("att-new")?.click();
  }
  window.addEventListener("storage", (event) => {
    if (event.key === DELETED && event.newValue?.includes(`"${current.id}"`)) {
      leave();
      say(words().deleted_elsewhere);
    }
    counted();
  });

  // --- what goes to the server, and what comes back

  const order = (turns, more = {}) =>
    JSON.stringify({ id: current.id, started: current.started, turns, ...more });

  function asked(typed) {
    const wanted = next ?? { question: typed };
    next = null;
    const question = wanted.question ?? "";
    if (busy) return [question, ""];
    say("");
    if (!question.trim()) return [question, order(current.turns)];
    busy = true;
    began = performance.now();
    tab?.removeItem(DRAFT);
    parted();
    const stay = current.turns.slice(0, wanted.keep ?? current.turns.length);
    const turn = { question, asked: now(), state: "pending", told: wanted.told ?? null };
    current.turns = [...stay, turn];
    write(current);
    return [question, order(stay, { asked: turn.asked, told: turn.told })];
  }
  function keep(text) {
    busy = false;
    let record = null;
    try { record = JSON.parse(text); } catch { return; }
    const ours = record?.id === current.id;
    if (ours) parted();
    const target = ours ? current : read(record?.id);
    const place = target?.turns.findIndex((turn) => turn?.asked === record.turn.asked) ?? -1;
    if (place < 0) return;
    target.turns[place] = record.turn;
    write(target);
  }
  /* The request failed: before it was taken, or because the server went away in the middle. */
  function refused() {
    busy = false;
    if (document.querySelector('.att-turn[aria-busy="true"]')) {
      document.getElementById("att-do-show").click();
      return say(words().lost);
    }
    const lost = current.turns.at(-1);
    if (lost?.state !== "pending") return;
    current.turns.pop();
    write(current);
    type(lost.question);
    say(words().refused);
  }
  function fresh() {
    if (current.turns.length) current = blank();
    tab?.removeItem(HERE);
  }
  /* At the first paint: what this tab held before it was reloaded. */
  function restored() {
    counted();
    const id = tab?.getItem(HERE);
    if (!current.turns.length && id && store?.getItem(ENTRY + id)) {
      const found = read(id);
      if (found) current = found;
      else say(words().damaged);
    }
    const draft = tab?.getItem(DRAFT);
    if (draft && !document.querySelector("#att-question textarea")?.value) type(draft);
    return current.turns.length ? order(current.turns) : "";
  }
  function shown() {
    document.documentElement.classList.remove("att-restoring");
    const last = document.querySelector(".att-turn:last-of-type");
    if (current.turns.length) last?.scrollIntoView({ block: "start" });
  }
  function open(id) {
    const found = id !== current.id && read(id);
    if (!found) return;
    current = found;
    say("");
    tab?.setItem(HERE, id);
    document.getElementById("att-do-show").click();
  }
  let kind = "markdown";
  function save(text) {
    let file = null;
    try { file = JSON.parse(text); } catch { return; }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.text], { type: `${file.type};charset=utf-8` }));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  // --- the question box and the one line that the page says

  const box = () => document.querySelector("#att-question textarea");
  function type(text) {
    const area = box();
    if (!area) return;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(area, text);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  document.addEventListener("input", (event) => {
    if (event.target === box()) tab?.setItem(DRAFT, event.target.value);
  });
  function say(line) {
    const place = document.querySelector("#att-said");
    if (place) place.textContent = line ?? "";
  }

  try {
    if (tab && store && store.getItem(ENTRY + tab.getItem(HERE)))
      document.documentElement.classList.add("att-restoring");
  } catch { /* nothing was kept */ }

  return {
    asked, keep, refused, fresh, restored, shown, open, save, remove, entries, say, words, fill,
    count, when,
    ask(wanted) {
      if (busy) return;
      next = wanted;
      document.getElementById("att-do-ask").click();
    },
    export(wanted) {
      kind = wanted;
      document.getElementById("att-do-export").click();
    },
    toExport: () => order(current.turns, {
      export: kind, when: when(current.started, { dateStyle: "long", timeStyle: "short" }),
    }),
    turn: (n) => current.turns[n - 1] ?? null,
    turns: () => current.turns.length,
    here: () => current.id,
    busy: () => busy,
    began: () => began,
    focus: () => box()?.focus(),
    kept: () => store !== null,
  };
})();
