// Everything works without this script. It replaces a part of a page that is still
// waiting for something (data-live) by what the server has now.
"use strict";
(() => {
  const part = document.querySelector("[data-live]");
  if (!part) return;
  const every = Number(part.dataset.every) || 3000;
  const again = async () => {
    if (document.hidden) return setTimeout(again, every);
    try {
      const response = await fetch(part.dataset.live, {credentials: "same-origin", headers: {Accept: "text/html"}});
      if (response.ok) {
        const next = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-live]");
        if (next && next.innerHTML !== part.innerHTML) {
          part.replaceChildren(...next.childNodes);
          part.className = next.className;
        }
        if (next && next.dataset.done === "true") return;
      } else if (response.status < 500) {
        return;
      }
    } catch {
      // The network is away: try again.
    }
    setTimeout(again, every);
  };
  setTimeout(again, every);
})();
