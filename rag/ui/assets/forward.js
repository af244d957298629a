element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-event]");
  if (!button || !element.contains(button)) return;
  event.preventDefault();
  trigger(button.dataset.event, { ...button.dataset });
});
