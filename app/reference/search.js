// Finds nodes by every word that is typed; titles before keywords before descriptions. Arrow keys choose, Enter opens.
const field = document.getElementById("search");
const list = document.getElementById("found");
const SHOWN = 12;

function rank(node, words) {
  const title = node.title.toLowerCase();
  let total = 0;
  for (const word of words) {
    const place = node.words.indexOf(word);
    if (place < 0) return -1;
    total += title.startsWith(word) ? 4 : title.includes(" " + word) ? 3 : title.includes(word) ? 2 : node.words.includes(" " + word) ? 1 : 0;
  }
  return total;
}

function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = words.length
    ? NODES.map((node) => ({ node, rank: rank(node, words) })).filter((hit) => hit.rank >= 0)
        .sort((a, b) => b.rank - a.rank || a.node.title.length - b.node.title.length).slice(0, SHOWN)
    : [];
  list.replaceChildren(...hits.map(({ node }) => {
    const link = document.createElement("a");
    link.href = `${field.dataset.root}nodes/${node.id}.html`;
    const dot = document.createElement("i");
    dot.className = "dot";
    dot.style.background = node.color;
    const title = document.createElement("b");
    title.textContent = node.title;
    const below = document.createElement("span");
    below.textContent = `${node.shelf} — ${node.summary}`;
    link.append(dot, title, below);
    const item = document.createElement("li");
    item.append(link);
    return item;
  }));
  if (words.length && !hits.length) {
    const item = document.createElement("li");
    item.textContent = "No node is called so.";
    list.append(item);
  }
  list.hidden = !words.length;
}

field.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== field) {
    event.preventDefault();
    field.select();
  } else if (event.key === "Escape") {
    field.value = "";
    show();
  } else if (["ArrowDown", "ArrowUp", "Enter"].includes(event.key) && !list.hidden) {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Enter") {
      if (at < 0 && links.length) links[0].click();
      return;
    }
    event.preventDefault();
    const next = event.key === "ArrowDown" ? Math.min(at + 1, links.length - 1) : at - 1;
    (next < 0 ? field : links[next])?.focus();
  }
});
document.addEventListener("click", (event) => {
  if (!event.target.closest(".search")) list.hidden = true;
});
