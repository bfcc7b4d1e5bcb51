// As much of a document as the site's scripts touch, for an engine that has none.
var byId = {}, kept = {}, visited = "";

function Element(tag) {
  this.tagName = tag.toUpperCase();
  this.attributes = {};
  this.dataset = {};
  this.children = [];
  this.listeners = {};
  this.hidden = true;
  this.value = "";
  this.textContent = "";
  this.className = "";
  this.id = "";
  this.parent = null;
  this.classList = { add: function () {} };
}
Element.prototype = {
  setAttribute: function (name, value) { this.attributes[name] = value; },
  getAttribute: function (name) { return this.attributes[name]; },
  removeAttribute: function (name) { delete this.attributes[name]; },
  append: function () {
    for (var i = 0; i < arguments.length; i++) {
      arguments[i].parent = this;
      this.children.push(arguments[i]);
    }
  },
  replaceChildren: function () { this.children = []; this.append.apply(this, arguments); },
  addEventListener: function (kind, call) { (this.listeners[kind] = this.listeners[kind] || []).push(call); },
  fire: function (kind, event) {
    event.target = event.target || this;
    (this.listeners[kind] || []).forEach(function (call) { call(event); });
    if (this.parent) this.parent.fire(kind, event);
  },
  click: function () {
    if (this.href) visited = this.href;
    this.fire("click", {});
  },
  focus: function () {
    document.activeElement = this;
    this.fire("focus", {});
  },
  blur: function () { document.activeElement = null; },
  select: function () {},
  scrollIntoView: function () {},
  contains: function (other) {
    for (; other; other = other.parent) if (other === this) return true;
    return false;
  },
};

var document = new Element("document");
document.documentElement = new Element("html");
document.body = new Element("body");
document.body.dataset.root = "../";
document.activeElement = null;
var box = new Element("div");
["search", "panel", "found", "chips", "none", "theme"].forEach(function (id) {
  byId[id] = new Element({ search: "input", theme: "button" }[id] || "div");
  byId[id].id = id;
});
byId.panel.append(byId.chips, byId.found, byId.none);
box.append(byId.search, byId.panel);
document.append(box, byId.theme);
document.getElementById = function (id) { return byId[id]; };
document.querySelector = function (selector) { return selector === ".search" ? box : null; };
document.querySelectorAll = function () { return []; };
// A script that is put into the page is loaded; what the index has was run before.
var loaded = [];
document.head = {
  append: function (script) {
    loaded.push(script.src);
    script.fire("load", {});
  },
};
document.createElement = function (tag) { return new Element(tag); };
var localStorage = {
  getItem: function (key) { return key in kept ? kept[key] : null; },
  setItem: function (key, value) { kept[key] = value; },
};
function matchMedia() { return { matches: false, addEventListener: function () {} }; }

function press(key, where) { where.fire("keydown", { key: key, preventDefault: function () {} }); }
function chosen(option) { return option.attributes["aria-selected"] === "true"; }
function textOf(element) { return element.textContent; }
function nameOf(option) { return option.children[0].textContent; }
function kindOf(option) { return option.children[1].textContent; }
