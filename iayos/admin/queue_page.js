// The page renews itself every few seconds, unless somebody is at it.
const EVERY_MS = 5000;
const main = document.querySelector("main");
const stale = document.querySelector("#stale");

const busy = () =>
  document.hidden ||
  [...main.querySelectorAll("input[name=reason]")].some((one) => one === document.activeElement || one.value !== "") ||
  main.contains(document.activeElement) && document.activeElement.tagName === "BUTTON";

const renew = async () => {
  if (busy()) return;
  try {
    const answer = await fetch(location.pathname, { redirect: "manual" });
    if (!answer.ok) return location.reload(); // signed out meanwhile
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!busy()) main.replaceChildren(...fresh.querySelector("main").childNodes);
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
};

const round = async () => {
  await renew();
  setTimeout(round, EVERY_MS);
};

setTimeout(round, EVERY_MS);
