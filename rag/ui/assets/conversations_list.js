/* The list of past conversations. Titles are what a person typed: text, never mark-up. */
(() => {
  const attest = window.attest;

  const title = (conversation) => {
    const first = conversation.turns.find((turn) => typeof turn?.question === "string");
    return first?.question.replace(/\s+/g, " ").trim().slice(0, 300) || attest.words().untitled;
  };

  /* A step between the wish and the deed. */
  function sure(place, question, deed, undone) {
    const words = attest.words(), { make, button } = attest;
    const yes = button(words.delete, "att-danger", deed);
    place.replaceChildren(make("span", { textContent: question }), yes,
      button(words.keep, "att-plain", undone));
    yes.focus();
  }

  attest.past = () => {
    const { make, button } = attest;
    attest.dialog("att-past", attest.words().past_heading, (leave) => {
      const body = make("div", { className: "att-past-body" });

      function row(entry, number) {
        const words = attest.words(), conversation = entry.conversation;
        const name = title(conversation), here = conversation.id === attest.here();
        const open = button("", "att-past-open", () => {
          leave();
          attest.open(conversation.id);
          attest.focus();
        });
        const facts = [
          attest.when(conversation.updated, { dateStyle: "medium", timeStyle: "short" }),
          attest.count(words.turns, conversation.turns.length),
          here ? words.here : null,
        ].filter(Boolean).join(" · ");
        open.append(make("b", { textContent: name }), make("span", { textContent: facts }));
        if (here) open.setAttribute("aria-current", "true");
        const remove = button(words.delete, "att-quiet att-past-delete", () => sure(
          line, words.delete_sure,
          () => { attest.remove([conversation.id]); draw(number); },
          () => draw(number, ".att-past-delete"),
        ));
        remove.setAttribute("aria-label", attest.fill(words.delete_long, { title: name }));
        const line = make("li", {}, open, remove);
        return line;
      }

      /* Anew after each change; the focus goes to the row that now stands where one was removed. */
      function draw(focused = null, which = ".att-past-open") {
        const words = attest.words(), all = attest.entries();
        const whole = all.filter((entry) => entry.conversation);
        const broken = all.length - whole.length;
        const list = make("ul", {}, ...whole.map(row));
        const foot = make("div", { className: "att-feet" });
        if (all.length) {
          foot.append(button(words.delete_all, "att-quiet att-delete-all", () => sure(
            foot, words.delete_all_sure,
            () => {
              attest.remove(all.map((entry) => entry.key.replace(/^attest\.conversation\./, "")));
              draw(0);
            },
            () => draw(0, ".att-delete-all"),
          )));
        }
        const line = (text) => make("p", { className: "att-hint", textContent: text });
        body.replaceChildren(
          whole.length ? list : line(words.none_kept),
          ...(broken ? [line(attest.count(words.unreadable_kept, broken))] : []),
          line(attest.kept() ? words.private : words.off), foot,
        );
        if (focused === null) return;
        const rows = body.querySelectorAll(which);
        (rows[Math.min(focused, rows.length - 1)] ?? document.querySelector("#att-past h2")).focus();
      }

      draw();
      return [body];
    });
  };
})();
