// The search box, the keys that move in it, and the switch between light and dark.
(function () {
  "use strict";
  var SHOWN = 40;
  var root = document.body.dataset.root;
  var page = document.documentElement;
  function by(id) { return document.getElementById(id); }

  // Light and dark.
  var button = by("theme");
  var dark = matchMedia("(prefers-color-scheme: dark)");
  function isDark() { return page.dataset.theme ? page.dataset.theme === "dark" : dark.matches; }
  function name() {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Show in light colours" : "Show in dark colours");
  }
  button.hidden = false;
  button.addEventListener("click", function () {
    page.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("ffc-theme", page.dataset.theme); } catch (refused) { /* not kept */ }
    name();
  });
  dark.addEventListener("change", name);
  name();

  // On a narrow screen the contents are folded until somebody wants them.
  var contents = document.querySelector(".side details");
  var narrow = matchMedia("(max-width: 56rem)");
  function fold() { if (contents) contents.open = !narrow.matches; }
  narrow.addEventListener("change", fold);
  fold();

  // In a drawing that is wider than its place, the node itself is what is seen.
  document.querySelectorAll(".drawing").forEach(function (drawing) {
    var here = drawing.querySelector(".here rect");
    if (!here) return;
    var middle = Number(here.getAttribute("x")) + Number(here.getAttribute("width")) / 2;
    drawing.scrollLeft = middle - drawing.clientWidth / 2;
  });

  // The search.
  var input = by("search"), panel = by("panel"), list = by("found"), chips = by("chips");
  var none = by("none"), box = document.querySelector(".search");
  if (typeof ffcSearch === "undefined") return;
  box.hidden = false;
  var prepared = null, active = -1, kind = "";

  // What is searched is loaded when somebody wants to: in a large project it is large.
  var asked = false;
  function load() {
    if (asked) return;
    asked = true;
    var script = document.createElement("script");
    script.src = root + "assets/index.js";
    script.addEventListener("load", function () {
      prepared = ffcSearch.prepare(ffcIndex);
      if (input.value.trim()) search();
    });
    document.head.append(script);
  }

  function made(tag, kind, text) {
    var element = document.createElement(tag);
    element.className = kind;
    element.textContent = text;
    return element;
  }

  function show(open) {
    panel.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) point(-1);
  }

  function point(index) {
    var options = list.children;
    if (options[active]) options[active].setAttribute("aria-selected", "false");
    active = options.length ? Math.max(-1, Math.min(index, options.length - 1)) : -1;
    if (active < 0) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    options[active].setAttribute("aria-selected", "true");
    options[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active].id);
  }

  function option(found, number) {
    var link = made("a", "found", "");
    link.href = root + found.page;
    link.id = "found-" + number;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
    link.append(
      made("span", "name", found.name),
      made("span", "kind k-" + found.kind, found.kind.replace("_", " ")),
      made("span", "words", ffcSearch.told(found.row))
    );
    return link;
  }

  function chip(value, text) {
    var element = made("button", "chip", text);
    element.type = "button";
    element.setAttribute("aria-pressed", String(value === kind));
    element.addEventListener("click", function () {
      kind = value;
      search();
      input.focus();
    });
    return element;
  }

  function remarks(found) {
    var said = found.taken.map(function (each) {
      return "“" + each[0] + "” is taken for " + each[1].join(" or ") + ".";
    });
    if (found.has < found.words) {
      said.push("Nothing has all " + found.words + " words: these have " + found.has + ".");
    }
    return said;
  }

  function search() {
    var query = input.value.trim();
    load();
    if (!prepared) return;
    var found = ffcSearch.find(prepared, query), all = found.rows;
    var counts = new Map();
    all.forEach(function (found) { counts.set(found.kind, (counts.get(found.kind) || 0) + 1); });
    if (kind && !counts.has(kind)) kind = "";
    var shown = all.filter(function (found) { return !kind || found.kind === kind; });
    list.replaceChildren.apply(list, shown.slice(0, SHOWN).map(option));
    var kinds = [chip("", "All " + all.length)];
    counts.forEach(function (count, each) { kinds.push(chip(each, each.replace("_", " ") + " " + count)); });
    chips.replaceChildren.apply(chips, counts.size > 1 ? kinds : []);
    var rest = shown.length - SHOWN;
    none.textContent = !shown.length ? "Nothing is like “" + query + "”."
      : remarks(found).concat(rest > 0 ? [rest + " more: add a word to find fewer."] : []).join(" ");
    active = -1;
    show(query !== "");
    point(shown.length ? 0 : -1);
  }

  input.addEventListener("input", search);
  input.addEventListener("focus", function () { load(); if (input.value.trim()) search(); });
  input.addEventListener("keydown", function (event) {
    if (event.key === "ArrowDown") point(active + 1);
    else if (event.key === "ArrowUp") point(active - 1);
    else if (event.key === "Enter" && list.children[active]) list.children[active].click();
    else if (event.key === "Escape") {
      if (panel.hidden) input.blur();
      show(false);
    } else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", function (event) {
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    var plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if ((event.key === "/" && plain && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
  document.addEventListener("pointerdown", function (event) {
    if (!box.contains(event.target)) show(false);
  });
  box.addEventListener("focusout", function (event) {
    if (event.relatedTarget && !box.contains(event.relatedTarget)) show(false);
  });
  // A link within this page closes the panel too.
  list.addEventListener("click", function () { show(false); });
})();
