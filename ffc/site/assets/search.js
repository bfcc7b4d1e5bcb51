// What a query finds in the index, and in which order: nodes as `ffc search` finds them, by the
// rules at the top of ffc/manifest/finding.py; columns, tags and owners among them. It knows no page.
var ffcSearch = (function () {
  "use strict";

  var WEIGHTS = { name: 10, tag: 5, owner: 5, column: 3.5, kind: 2, description: 1.5 };
  // What is said of a column is worth less than what is said of its node.
  var OF_A_COLUMN = 0.5;
  var WHOLE = 1, PARTS = 0.8, BEGINNING = 0.6, INSIDE = 0.3, SHORT = 0.25;
  // So many letters of a word stand for it.
  var SHORTEST = 3;
  // What a fit is worth that is one slip away, or two.
  var SLIPS = [0.6, 0.5];
  var TOGETHER = 1.5;
  var PART = /[\p{L}\p{N}]+/gu, WHOLE_PART = /^[\p{L}\p{N}]+$/u;
  var BEGINS = /^[\p{L}\p{N}]/u, ENDS = /[\p{L}\p{N}]$/u, ASCII = /^[\x00-\x7f]*$/;
  // Where rows of one worth stand: nodes before what is said of them.
  var AFTER = { column: 1, tag: 2, owner: 3 };
  var LONGEST = 240;

  // Without case and accents, each character where it was.
  function fold(text) {
    if (ASCII.test(text)) return text.toLowerCase();
    return Array.from(text, function (character) {
      return first(first(character.normalize("NFD")).toLowerCase());
    }).join("");
  }

  function first(text) { return String.fromCodePoint(text.codePointAt(0)); }
  function size(text) { return ASCII.test(text) ? text.length : Array.from(text).length; }
  function partsOf(text) { return text.match(PART) || []; }

  // Parts of texts in order, with what is asked of each again and again.
  function parts(texts) {
    return Array.from(texts).sort().map(function (part) {
      return { part: part, size: size(part), first: first(part) };
    });
  }

  // The index, made ready: each text folded once, the rows with the texts that they are found by.
  function prepare(index) {
    var texts = [], numbers = new Map(), raw = index.texts;
    function put(text) {
      var folded = fold(text), number = numbers.get(folded);
      if (number === undefined) {
        numbers.set(folded, (number = texts.length));
        texts.push({ text: folded, size: size(folded) });
      }
      return number;
    }
    var places = new Map();
    function row(kind, name, page) {
      var shown = raw[name].replace(/\n/g, " ");
      return { kind: kind, name: shown, page: page, id: kind + "." + shown, texts: [] };
    }
    function add(row, found, weight) {
      (found || []).forEach(function (number) { if (number) row.texts.push(put(raw[number]), weight); });
    }
    function of(folder, stem, name) { return folder + "/" + (stem || raw[name]) + ".html"; }

    var rows = index.nodes.map(function (from) {
      var kind = index.kinds[from[0]], found = row(kind, from[1], "");
      found.page = "nodes/" + (from[2] || found.id) + ".html";
      found.words = raw[from[3] || 0];
      found.owner = raw[from[4] || 0];
      found.tags = (from[5] || []).map(function (tag) { return raw[tag]; });
      found.columns = from[6] || [];
      add(found, [from[1]], WEIGHTS.name);
      found.texts.push(put(kind), WEIGHTS.kind);
      add(found, from[5], WEIGHTS.tag);
      add(found, [from[4]], WEIGHTS.owner);
      add(found, [from[3]], WEIGHTS.description);
      add(found, from[6], WEIGHTS.column);
      add(found, from[7], WEIGHTS.tag * OF_A_COLUMN);
      add(found, from[8], WEIGHTS.description * OF_A_COLUMN);
      found.columns.forEach(function (column) {
        if (places.has(column)) places.get(column).push(found);
        else places.set(column, [found]);
      });
      return found;
    });
    var known = new Set(), plain = texts.length;
    texts.forEach(function (each) { partsOf(each.text).forEach(known.add, known); });
    index.columns.forEach(function (from) {
      var there = places.get(from[0]) || [], anchor = "#c-" + (from[1] || raw[from[0]]);
      var list = "columns/" + (from[2] === 1 ? "index" : from[2]) + ".html";
      var found = row("column", from[0], (there.length === 1 ? there[0].page : list) + anchor);
      found.types = index.types[from[3]];
      found.places = there;
      found.words = (from[5] || []).map(function (each) { return raw[each]; }).join(" ");
      found.tags = (from[4] || []).map(function (tag) { return raw[tag]; });
      add(found, [from[0]], WEIGHTS.name);
      add(found, from[4], WEIGHTS.tag * OF_A_COLUMN);
      add(found, from[5], WEIGHTS.description * OF_A_COLUMN);
      rows.push(found);
    });
    index.tags.forEach(function (from) {
      var found = row("tag", from[0], of("tags", from[1], from[0]));
      var counts = [counted(from[2] || 0, "node"), counted(from[3] || 0, "column")];
      found.words = counts.filter(Boolean).join(", ");
      add(found, [from[0]], WEIGHTS.name);
      rows.push(found);
    });
    index.owners.forEach(function (from) {
      var found = row("owner", from[0], of("owners", from[1], from[0]));
      found.words = counted(from[2] || 0, "node");
      add(found, [from[0]], WEIGHTS.name);
      rows.push(found);
    });
    return {
      rows: rows,
      raw: raw,
      texts: texts,
      // Behind those that every word is looked for in, the ids for words with a dot.
      plain: plain,
      ids: false,
      put: put,
      known: parts(known),
      joint: parts(texts.slice(0, plain).map(function (each) { return each.text; })
        .filter(function (text) { return !/\s/.test(text) && partsOf(text).length > 1; })),
    };
  }

  function counted(number, word) {
    return number ? number.toLocaleString("en") + " " + word + (number === 1 ? "" : "s") : "";
  }

  function addIds(prepared) {
    if (prepared.ids) return;
    prepared.ids = true;
    prepared.rows.forEach(function (row) {
      if (!row.columns) return;
      row.ids = [prepared.put(row.id), WEIGHTS.name];
      row.columns.forEach(function (column) {
        row.ids.push(prepared.put(row.id + "." + prepared.raw[column]), WEIGHTS.column);
      });
    });
  }

  // How well a word fits a text at the best of its places; 0 where it is not in it.
  function fit(word, text, length) {
    var best = 0, start = text.text.indexOf(word);
    while (start >= 0) {
      if (word === text.text) return WHOLE;
      var end = start + word.length;
      var inside = ENDS.test(text.text.slice(Math.max(0, start - 2), start)) && BEGINS.test(word);
      var on = BEGINS.test(text.text.slice(end, end + 2)) && ENDS.test(word);
      var how = inside ? INSIDE : on ? BEGINNING : PARTS;
      best = Math.max(best, how * (0.9 + (0.1 * length) / text.size));
      start = text.text.indexOf(word, start + 1);
    }
    return best;
  }

  // The texts that a word fits, by number, and how well.
  function fits(prepared, word, dotted) {
    var found = new Map(), length = size(word);
    var end = dotted ? prepared.texts.length : prepared.plain;
    for (var number = 0; number < end; number++) {
      var value = fit(word, prepared.texts[number], length);
      if (value) found.set(number, value);
    }
    return found;
  }

  // What a word fits, and what fits parts that it begins with.
  function withShort(prepared, word, found, dotted) {
    if (!WHOLE_PART.test(word)) return found;
    var all = new Map();
    prepared.known.forEach(function (known) {
      var part = known.part;
      if (known.size < SHORTEST || part.length >= word.length || !word.startsWith(part)) return;
      fits(prepared, part, dotted).forEach(function (value, number) {
        if (value > BEGINNING) all.set(number, value * SHORT);
      });
    });
    found.forEach(function (value, number) { all.set(number, value); });
    return all;
  }

  // How many slips one word is from another, a list of letters each; `most` + 1 if there are more.
  function slips(word, other, most) {
    if (Math.abs(word.length - other.length) > most) return most + 1;
    var before = [], last = [], i, j;
    for (j = 0; j <= other.length; j++) last.push(j);
    for (i = 1; i <= word.length; i++) {
      var row = [i], fewest = i;
      for (j = 1; j <= other.length; j++) {
        var wrong = word[i - 1] === other[j - 1] ? 0 : 1;
        var least = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + wrong);
        if (i > 1 && j > 1 && word[i - 1] === other[j - 2] && word[i - 2] === other[j - 1]) {
          least = Math.min(least, before[j - 2] + 1);
        }
        row.push(least);
        fewest = Math.min(fewest, least);
      }
      if (fewest > most) return most + 1;
      before = last;
      last = row;
    }
    return Math.min(last[other.length], most + 1);
  }

  // What a word that begins nothing may be meant for; to what it fits, what those fit is added.
  function mend(prepared, word, found, dotted, parts) {
    var letters = Array.from(word), allowed = letters.length < 4 ? 0 : letters.length < 8 ? 1 : 2;
    var least = allowed + 1, taken = [];
    parts.forEach(function (known) {
      if (known.first !== letters[0] && known.first !== letters[1]) return;
      if (Math.abs(known.size - letters.length) > allowed) return;
      var part = known.part, away = slips(letters, Array.from(part), allowed);
      if (away < least) taken = [];
      if (away <= least) taken.push(part);
      least = Math.min(least, away);
    });
    if (!(least > 0 && least <= allowed)) return [];
    taken.forEach(function (part) {
      fits(prepared, part, dotted).forEach(function (value, number) {
        found.set(number, Math.max(value * SLIPS[least - 1], found.get(number) || 0));
      });
    });
    return taken;
  }

  // The words of a query, each once, with the texts that it fits and what it is taken for.
  function words(prepared, query, found) {
    query.split(/\s+/).forEach(function (word) {
      if (!word || found.has(word)) return;
      var dotted = word.indexOf(".") >= 0, parts = partsOf(word);
      if (dotted) addIds(prepared);
      var there = fits(prepared, word, dotted), begins = false, taken = [];
      there.forEach(function (value) { begins = begins || value > INSIDE; });
      if (!begins && parts.length > 1) {
        taken = mend(prepared, word, there, dotted, prepared.joint);
        if (!taken.length) {
          words(prepared, parts.join(" "), found);
          return;
        }
      } else {
        there = withShort(prepared, word, there, dotted);
        if (!begins) taken = mend(prepared, word, there, dotted, prepared.known);
      }
      found.set(word, { word: word, taken: taken, fits: there });
    });
    return found;
  }

  // To three places, halves to the even side as Python has it: halves are odd sixteenths.
  function rounded(worth) {
    var down = Math.floor(worth * 1000);
    return (worth * 16) % 2 === 1 ? (down + (down % 2)) / 1000 : Number(worth.toFixed(3));
  }

  // How many of the words a row has, and what that is worth.
  function scored(row, sought, dotted) {
    var best = sought.map(function () { return 0; }), together = false, any = false;
    function look(texts) {
      for (var at = 0; at < texts.length; at += 2) {
        var all = true;
        for (var number = 0; number < sought.length; number++) {
          var value = sought[number].fits.get(texts[at]);
          if (!value) all = false;
          else {
            any = true;
            best[number] = Math.max(best[number], texts[at + 1] * value);
          }
        }
        together = together || all;
      }
    }
    look(row.texts);
    if (dotted && row.ids) look(row.ids);
    if (!any) return null;
    var sum = best.reduce(function (total, each) { return total + each; }, 0);
    var worth = sum * (together && best.length > 1 ? TOGETHER : 1);
    return { row: row, has: best.filter(Boolean).length, score: rounded(worth) };
  }

  // Splits `kind:model tag:pii amount` into its filters and its words.
  function understood(query) {
    var asked = { kinds: [], tags: [], owners: [], words: [] };
    query.split(/\s+/).forEach(function (word) {
      var filter = /^(kind|tag|owner):(.+)$/i.exec(word);
      if (filter) asked[filter[1].toLowerCase() + "s"].push(fold(filter[2]));
      else if (word) asked.words.push(fold(word));
    });
    return asked;
  }

  function wanted(row, asked) {
    return asked.kinds.every(function (kind) { return row.kind === kind.replace(/[\s-]/g, "_"); }) &&
      asked.tags.every(function (tag) {
        return (row.tags || []).some(function (own) { return fold(own) === tag; });
      }) &&
      asked.owners.every(function (owner) { return row.owner && fold(row.owner).startsWith(owner); });
  }

  function inOrder(one, other) {
    return other.score - one.score ||
      (AFTER[one.row.kind] || 0) - (AFTER[other.row.kind] || 0) ||
      (one.row.id < other.row.id ? -1 : one.row.id > other.row.id ? 1 : 0);
  }

  // What a query finds: its rows, the best first, how many of its words they have, what words were
  // taken for. As many words as the nodes that have the most must all be in a row.
  function find(prepared, query) {
    var asked = understood(query);
    var filtered = asked.kinds.length + asked.tags.length + asked.owners.length > 0;
    var sought = Array.from(words(prepared, asked.words.join(" "), new Map()).values());
    var rows = [], most = 0, others = 0, dotted = asked.words.join().indexOf(".") >= 0;
    if (sought.length || filtered) {
      prepared.rows.forEach(function (row) {
        if (!wanted(row, asked)) return;
        var each = sought.length ? scored(row, sought, dotted) : { row: row, has: 0, score: 0 };
        if (!each) return;
        rows.push(each);
        if (AFTER[row.kind]) others = Math.max(others, each.has);
        else most = Math.max(most, each.has);
      });
    }
    most = most || others;
    rows = rows.filter(function (each) { return each.has >= most; }).sort(inOrder);
    return {
      rows: rows.map(function (each) {
        return { kind: each.row.kind, name: each.row.name, page: each.row.page, score: each.score, row: each.row };
      }),
      has: most,
      words: sought.length,
      taken: sought.filter(function (each) { return each.taken.length; }).map(function (each) {
        return [each.word, each.taken];
      }),
    };
  }

  // What stands beside a row that is found.
  function told(row) {
    var text = row.words.split(/\n\s*\n/).filter(function (part) { return part.trim(); })[0] || "";
    text = text.replace(/`/g, "").split(/\s+/).filter(Boolean).join(" ");
    if (row.places) {
      var names = row.places.slice(0, 3).map(function (each) { return each.name; }).join(", ");
      var rest = row.places.length - 3;
      var where = (row.types ? row.types + " " : "") + "in " + names + (rest > 0 ? " and " + rest + " more" : "");
      text = where + (text ? ". " + text : "");
    }
    return text.length > LONGEST ? text.slice(0, LONGEST - 1) + "…" : text;
  }

  return { prepare: prepare, find: find, told: told };
})();
