// Before anything is drawn: the choice that a reader made on another page, if any.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("script");
  try {
    var chosen = localStorage.getItem("ffc-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch (refused) {
    // A browser that keeps nothing for pages from files: the system's choice holds.
  }
})();
