/* Runs before everything else: the right colours and language, until Gradio's own scripts are there. */
(() => {
  const root = document.documentElement;
  root.lang = (navigator.language || "en").toLowerCase().startsWith("fr") ? "fr" : "en";
  const asked = new URLSearchParams(location.search).get("__theme");
  const dark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.classList.toggle("dark", dark);
  const watch = new MutationObserver(() => {
    if (!document.querySelector("#att-header .att-header")) return;
    watch.disconnect();
    document.querySelector(".att-first")?.remove();
    root.classList.remove("dark"); // Gradio has set its own by now
  });
  watch.observe(root, { childList: true, subtree: true });
})();
