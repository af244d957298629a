/* Adding documents by choosing or dropping files, and the question before one is removed. */
(() => {
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const zone = () => [...document.querySelectorAll(".att-drop")].find((part) => part.offsetParent);
  const holdsFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  let take = null, sending = false;

  window.attestDrop = (element, trigger, upload) => {
    take = async (place, files) => {
      if (sending || !files.length) return;
      sending = true;
      place.classList.add("att-busy");
      const line = place.querySelector(".att-sending");
      const most = Number(place.dataset.files), limit = Number(place.dataset.bytes);
      const sent = [];
      for (const [number, file] of files.entries()) {
        line.textContent = fill(place.dataset.sending, { n: number + 1, of: files.length });
        let path = null;
        if (number < most && file.size <= limit) {
          try { path = (await upload(file))?.path ?? null; } catch { /* the server says why */ }
        }
        sent.push({ name: file.name, size: file.size, path });
      }
      line.textContent = "";
      place.classList.remove("att-busy");
      sending = false;
      trigger({ files: sent });
    };
    element.addEventListener("click", (event) => {
      const button = event.target instanceof Element && event.target.closest(".att-add");
      if (button) button.closest(".att-drop").querySelector("input").click();
    });
    element.addEventListener("change", (event) => {
      if (event.target.type !== "file") return;
      const files = [...event.target.files];
      event.target.value = "";
      take(event.target.closest(".att-drop"), files);
    });
  };

  /* Anywhere on the page: a file that misses must not replace it. */
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    zone()?.classList.add("att-over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone()?.classList.remove("att-over");
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    const place = zone();
    place?.classList.remove("att-over");
    if (place && take) take(place, [...event.dataTransfer.files]);
  });

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const remove = target?.closest(".att-remove");
    if (remove) {
      const dialog = remove.closest(".att-documents-list").querySelector("dialog.att-confirm");
      dialog.querySelector(".att-confirm-what").textContent =
        [...new Set([remove.dataset.title, remove.dataset.source])].join(" · ");
      dialog.querySelector("[data-event=delete]").dataset.source = remove.dataset.source;
      dialog.showModal();
      dialog.querySelector("[data-choice=cancel]").focus();
      return;
    }
    const dialog = target?.closest("dialog.att-confirm");
    if (dialog && (target === dialog || target.closest("[data-choice=cancel]"))) dialog.close();
    if (target?.closest("dialog.att-confirm [data-event=delete]")) {
      setTimeout(() => { dialog.close(); zone()?.querySelector(".att-add").focus(); });
    }
  });
})();
