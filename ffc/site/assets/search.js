// What a query finds in the index: ranked, by kind, forgiving of typing errors. It knows no page.
var ffcSearch = (function () {
  "use strict";

  // Of a row: what is found in its name counts most, in its description least.
  var WEIGHTS = { name: 10, part: 7, tag: 5, owner: 5, column: 3.5, word: 1.5 };
  var EXACT = 1, PREFIX = 0.7, INSIDE = 0.4, CLOSE = 0.3;
  var COMMON = ["node", "column", "tag", "owner"];

  function fold(text) {
    return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  // Words of letters and digits; a name's parts stand between underscores, dots and the like.
  function words(text) {
    return fold(text).match(/[\p{L}\p{N}]+/gu) || [];
  }

  function parts(name) {
    return words(name.replace(/([a-z0-9])([A-Z])/g, "$1 $2"));
  }

  // Each word with the rows that have it, and how much it counts there.
  function prepare(index) {
    var vocabulary = new Map();
    function put(word, row, weight) {
      var found = vocabulary.get(word);
      if (!found) vocabulary.set(word, (found = new Map()));
      if ((found.get(row) || 0) < weight) found.set(row, weight);
    }
    index.rows.forEach(function (row, number) {
      var name = fold(row[1]);
      put(name, number, WEIGHTS.name);
      parts(row[1]).forEach(function (word) { put(word, number, WEIGHTS.part); });
      row[4].forEach(function (tag) { put(fold(tag), number, WEIGHTS.tag); });
      if (row[5]) put(fold(row[5]), number, WEIGHTS.owner);
      words(row[5]).forEach(function (word) { put(word, number, WEIGHTS.owner * 0.8); });
      (row[6] || []).forEach(function (column) {
        put(fold(index.columns[column]), number, WEIGHTS.column);
        parts(index.columns[column]).forEach(function (word) {
          put(word, number, WEIGHTS.column * 0.6);
        });
      });
      words(row[3]).forEach(function (word) { put(word, number, WEIGHTS.word); });
    });
    return { rows: index.rows, vocabulary: vocabulary };
  }

  // Whether one word becomes the other by so many letters more, less, other or swapped.
  function within(one, other, most) {
    if (Math.abs(one.length - other.length) > most) return false;
    var before = [], row = [], i, j;
    for (j = 0; j <= other.length; j++) row.push(j);
    for (i = 1; i <= one.length; i++) {
      var next = [i], least = i;
      for (j = 1; j <= other.length; j++) {
        var same = one[i - 1] === other[j - 1] ? 0 : 1;
        var cost = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + same);
        if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
          cost = Math.min(cost, before[j - 2] + 1);
        }
        next.push(cost);
        if (cost < least) least = cost;
      }
      if (least > most) return false;
      before = row;
      row = next;
    }
    return row[other.length] <= most;
  }

  function likeness(token, word) {
    if (token === word) return EXACT;
    if (word.startsWith(token)) return PREFIX + (EXACT - PREFIX) * 0.5 * (token.length / word.length);
    if (token.length > 1 && word.includes(token)) return INSIDE;
    return 0;
  }

  // How near each row comes to one word of a query; close words only where none fits.
  function scores(prepared, token) {
    var found = new Map();
    function take(like, rows) {
      rows.forEach(function (weight, row) {
        var score = like * weight;
        if ((found.get(row) || 0) < score) found.set(row, score);
      });
    }
    prepared.vocabulary.forEach(function (rows, word) {
      var like = likeness(token, word);
      if (like) take(like, rows);
    });
    if (found.size || token.length < 4) return found;
    var most = token.length < 8 ? 1 : 2;
    prepared.vocabulary.forEach(function (rows, word) {
      var start = word.slice(0, token.length);
      if (within(token, word, most)) take(CLOSE, rows);
      else if (word.length > token.length + most && within(token, start, 1)) take(CLOSE * 0.6, rows);
    });
    return found;
  }

  // All words of a query must be found; a word with dots or dashes may be found in its parts,
  // and what has no letters need not be found.
  function ranked(prepared, tokens) {
    var total = null;
    tokens.forEach(function (token) {
      var found = scores(prepared, token);
      var pieces = words(token);
      if (!found.size && !pieces.length) return;
      if (!found.size && pieces.length > 1) found = ranked(prepared, pieces);
      if (total === null) {
        total = found;
        return;
      }
      var both = new Map();
      found.forEach(function (score, row) {
        if (total.has(row)) both.set(row, total.get(row) + score);
      });
      total = both;
    });
    return total || new Map();
  }

  // Splits `kind:model tag:pii amount` into its filters and its words.
  function understood(query) {
    var asked = { kinds: [], tags: [], owners: [], tokens: [] };
    query.split(/\s+/).forEach(function (word) {
      var filter = /^(kind|tag|owner):(.+)$/i.exec(word);
      if (filter) asked[filter[1].toLowerCase() + "s"].push(fold(filter[2]));
      else if (fold(word)) asked.tokens.push(fold(word));
    });
    return asked;
  }

  function fits(row, asked) {
    return asked.kinds.every(function (kind) { return row[0] === kind.replace(/[\s-]/g, "_"); }) &&
      asked.tags.every(function (tag) {
        return row[4].some(function (own) { return fold(own) === tag; });
      }) &&
      asked.owners.every(function (owner) { return fold(row[5]).startsWith(owner); });
  }

  function rank(kind) {
    var place = COMMON.indexOf(kind);
    return place < 0 ? 0 : place;
  }

  // What a query finds, best first: {kind, name, page, words, score}.
  function find(prepared, query) {
    var asked = understood(query);
    var filtered = asked.kinds.length + asked.tags.length + asked.owners.length > 0;
    if (!asked.tokens.length && !filtered) return [];
    var found = [];
    function add(score, number) {
      var row = prepared.rows[number];
      if (!fits(row, asked)) return;
      var bonus = asked.tokens.length && fold(row[1]) === asked.tokens.join(" ") ? 10 : 0;
      found.push({ kind: row[0], name: row[1], page: row[2], words: row[3], score: score + bonus });
    }
    if (asked.tokens.length) ranked(prepared, asked.tokens).forEach(add);
    else prepared.rows.forEach(function (row, number) { add(0, number); });
    return found.sort(function (one, other) {
      return other.score - one.score || rank(one.kind) - rank(other.kind) ||
        one.name.length - other.name.length ||
        (one.name < other.name ? -1 : one.name > other.name ? 1 : 0) ||
        (one.page < other.page ? -1 : 1);
    });
  }

  return { prepare: prepare, find: find };
})();
