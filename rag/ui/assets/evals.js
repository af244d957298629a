/* A question that went wrong, asked again as a new conversation: its earlier questions first. */
(() => {
  const attest = window.attest;
  const settled = async (count) => {
    while (attest.turns() < count || attest.busy()) await new Promise((go) => setTimeout(go, 100));
    return attest.turn(count)?.state;
  };
  async function again(questions) {
    document.querySelector("#att-tabs [role=tab]")?.click();
    document.getElementById("att-new")?.click();
    for (let tries = 0; attest.turns() && tries < 50; tries += 1) {
      await new Promise((go) => setTimeout(go, 100));
    }
    const here = attest.here();
    for (const [at, question] of questions.entries()) {
      attest.ask({ question });
      if (at + 1 === questions.length) break;
      if ((await settled(at + 1)) !== "done" || attest.here() !== here) break;
    }
  }
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-again]");
    if (button && !attest.busy()) again(JSON.parse(button.dataset.again).map(String));
  });
})();
