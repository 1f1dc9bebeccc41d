// Show the documents that have an entity of the chosen labels and kinds; fade the other entities.
const chosen = { label: new Set(), kind: new Set() };
const fits = (tag) => {
  const [label, kind] = tag.split("-");
  return (!chosen.label.size || chosen.label.has(label)) && (!chosen.kind.size || chosen.kind.has(kind));
};
const update = () => {
  const articles = [...document.querySelectorAll("article")];
  for (const article of articles) article.hidden = !JSON.parse(article.dataset.tags).some(fits);
  for (const mark of document.querySelectorAll("mark")) {
    mark.classList.toggle("faded", !mark.dataset.tag.split(" ").slice(1).some(fits));
  }
  const shown = articles.filter((article) => !article.hidden).length;
  document.getElementById("shown").textContent = `${shown} of ${articles.length} documents shown`;
};
for (const button of document.querySelectorAll("button")) {
  const group = button.dataset.label === undefined ? "kind" : "label";
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const value = button.dataset[group];
    const isOn = chosen[group].delete(value) ? false : Boolean(chosen[group].add(value));
    button.setAttribute("aria-pressed", String(isOn));
    update();
  });
}
update();
