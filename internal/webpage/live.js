"use strict";
(() => {
  const said = document.getElementById("said");
  let before = "";
  const tell = text => { if (said && text !== before) { said.textContent = before = text; } };
  const once = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = document.querySelector("main"), next = fresh.querySelector("main");
      if (now && next && now.innerHTML !== next.innerHTML) {
        const focused = document.activeElement && document.activeElement.id;
        const places = [...document.querySelectorAll(".scroll")].map(one => one.scrollLeft);
        now.replaceWith(document.adoptNode(next));
        document.querySelectorAll(".scroll").forEach((one, i) => { one.scrollLeft = places[i] || 0; });
        if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
        document.title = fresh.title;
      }
      tell(fresh.getElementById("said")?.textContent || "");
    } catch {
      tell("The program that serves this page does not answer: what you see is old.");
    }
    setTimeout(once, 1000);
  };
  setTimeout(once, 1000);
})();
