// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads impression and findings aloud, paragraph by paragraph: some engines fall silent in the middle of a long text.
(function () {
  'use strict';
  var button = document.querySelector('[data-read-aloud]');
  var speech = window.speechSynthesis, Utterance = window.SpeechSynthesisUtterance;
  if (!button || !speech || !Utterance) { return; }
  var label = button.querySelector('[data-label]');
  var read = label.textContent, stop = button.getAttribute('data-stop');
  var news = document.getElementById('news');
  var HEARD_BY_MS = 4000, turn = 0, current = null;

  function paragraphs() {
    var found = document.querySelectorAll('[data-spoken] h2, [data-spoken] p'), texts = [];
    for (var i = 0; i < found.length; i += 1) {
      if (found[i].textContent.trim()) { texts.push(found[i].textContent.trim()); }
    }
    return texts;
  }

  function show(reading) {
    button.setAttribute('aria-pressed', String(reading));
    label.textContent = reading ? stop : read;
  }

  function finish() {
    turn += 1;
    current = null;
    speech.cancel();
    show(false);
  }

  function giveUp() {
    finish();
    button.hidden = true;
    if (news) { news.textContent = button.getAttribute('data-silent'); news.className = 'notice'; }
  }

  function start() {
    var texts = paragraphs(), mine, heard = false;
    turn += 1;
    mine = turn;
    speech.cancel();
    show(true);
    function next() {
      if (mine !== turn) { return; }
      if (!texts.length) { finish(); return; }
      var text = texts.shift();
      current = new Utterance(text);  // kept, or some browsers collect it before it ends
      current.lang = /[\u4e00-\u9fff]/.test(text) ? 'zh-CN' : 'en-US';
      current.rate = 0.9;
      current.onstart = function () { heard = true; };
      current.onend = next;
      current.onerror = function () { if (mine === turn) { if (heard) { finish(); } else { giveUp(); } } };
      speech.speak(current);
    }
    next();
    window.setTimeout(function () { if (mine === turn && !heard) { giveUp(); } }, HEARD_BY_MS);
  }

  button.hidden = paragraphs().length === 0;
  button.addEventListener('click', function () { if (current) { finish(); } else { start(); } });
  document.addEventListener('cloudfilm-renewed', function () { button.hidden = paragraphs().length === 0; });
  window.addEventListener('pagehide', finish);
})();
