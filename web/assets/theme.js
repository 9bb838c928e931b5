// theme.js keeps this browser's choice of the screen by day or by night. It is no module, so that it runs before the first painting and no page flashes.
{
  const KEY = "marz:theme";
  const order = ["", "day", "night"]; // "" follows the machine
  const root = document.documentElement;

  const choose = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  const kept = localStorage.getItem(KEY);
  choose(order.includes(kept) ? kept : "");
  addEventListener("storage", (event) => event.key === KEY && choose(order.includes(event.newValue) ? event.newValue : ""));
  addEventListener("DOMContentLoaded", () => document.getElementById("theme")?.addEventListener("click", (event) => {
    const next = order[(order.indexOf(root.dataset.theme ?? "") + 1) % order.length];
    choose(next);
    localStorage.setItem(KEY, next);
    event.currentTarget.blur(); // the lane's keys are pressed next
  }));
}
