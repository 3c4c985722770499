// SPDX-License-Identifier: AGPL-3.0-or-later
// The study list answers while one types, and goes by the keyboard: / to the search, arrows along the list, Enter opens.
// Without it the form's button does the same.
(function () {
  'use strict';
  var form = document.getElementById('search'), results = document.getElementById('results'), text = document.getElementById('text');
  if (!form || !results) { return; }
  var waiting = 0, asked = 0;

  function address() {
    var query = [];
    Array.prototype.forEach.call(form.elements, function (field) {
      if (field.name && field.value.trim()) { query.push(encodeURIComponent(field.name) + '=' + encodeURIComponent(field.value.trim())); }
    });
    return '/staff/' + (query.length ? '?' + query.join('&') : '');
  }

  function look() {
    var mine = ++asked, place = address();
    results.className = 'late';
    fetch(place, { credentials: 'same-origin' }).then(function (answer) {
      // Signed out meanwhile: the page itself says so.
      if (!answer.ok) { window.location.assign(place); throw new Error('not answered'); }
      return answer.text();
    }).then(function (page) {
      if (mine !== asked) { return; }
      var found = new DOMParser().parseFromString(page, 'text/html');
      ['results', 'kept'].forEach(function (part) {
        var from = found.getElementById(part), to = document.getElementById(part);
        if (!from || !to) { return; }
        to.textContent = '';
        while (from.firstChild) { to.appendChild(document.importNode(from.removeChild(from.firstChild), true)); }
      });
      results.className = '';
      history.replaceState(null, '', place);
    }).catch(function () {
      if (mine === asked) { results.className = ''; }
    });
  }

  if (window.fetch && window.DOMParser) {
    form.addEventListener('input', function (event) {
      if (event.isComposing) { return; }
      clearTimeout(waiting);
      waiting = setTimeout(look, 180);
    });
    text.addEventListener('compositionend', function () { clearTimeout(waiting); waiting = setTimeout(look, 180); });
  }

  function links() { return Array.prototype.slice.call(results.querySelectorAll('#studies tbody th a')); }

  document.addEventListener('keydown', function (event) {
    var target = event.target, tag = target.tagName;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
    var rows = links(), at = rows.indexOf(target);
    var done = true;
    if (event.key === '/' && tag !== 'INPUT' && tag !== 'SELECT' && tag !== 'TEXTAREA') {
      text.focus(); text.select();
    } else if (event.key === 'ArrowDown' && rows.length && (target === text || at >= 0 || tag === 'BODY')) {
      rows[Math.min(at + 1, rows.length - 1)].focus();
    } else if (event.key === 'ArrowUp' && at === 0) {
      text.focus();
    } else if (event.key === 'ArrowUp' && at > 0) {
      rows[at - 1].focus();
    } else if (event.key === 'Escape' && at >= 0) {
      text.focus();
    } else {
      done = false;
    }
    if (done) { event.preventDefault(); }
  });
}());
