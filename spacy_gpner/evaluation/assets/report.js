// Show the documents that have an entity of the chosen labels and kinds; fade the other entities.
const chosen = { label: new Set(), kind: new Set() };
const articles = [...document.querySelectorAll("article")];
const fits = (tag) => {
  const [label, kind] = tag.split("-");
  return (!chosen.label.size || chosen.label.has(label)) && (!chosen.kind.size || chosen.kind.has(kind));
};
const update = () => {
  for (const article of articles) {
    article.hidden = !article.dataset.tags.split(" ").some(fits);
    for (const mark of article.querySelectorAll("mark")) {
      mark.classList.toggle("faded", !mark.dataset.tag.split(" ").slice(1).some(fits));
    }
  }
  const isFiltered = chosen.label.size + chosen.kind.size > 0;
  if (isFiltered) for (const article of articles) if (!article.hidden) reveal(article);
  const shown = articles.filter((article) => !article.hidden).length;
  document.getElementById("shown").textContent = isFiltered ? `${shown} of ${articles.length} documents fit` : "";
};
// What is linked to is seen, wherever it is
const reveal = (element) => {
  for (let own = element.closest("details"); own; own = own.parentElement.closest("details")) own.open = true;
};
const follow = (hash) => {
  const target = document.getElementById(hash.slice(1));
  if (target) reveal(target);
  return target;
};
for (const link of document.querySelectorAll("a[href^='#']")) {
  link.addEventListener("click", () => follow(link.hash));
}
follow(location.hash)?.scrollIntoView();
for (const filter of document.querySelectorAll(".filter")) filter.hidden = false;
for (const button of document.querySelectorAll("button")) {
  const group = button.dataset.label === undefined ? "kind" : "label";
  button.addEventListener("click", () => {
    const value = button.dataset[group];
    const isOn = chosen[group].delete(value) ? false : Boolean(chosen[group].add(value));
    button.setAttribute("aria-pressed", String(isOn));
    update();
  });
}
