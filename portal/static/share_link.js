// SPDX-License-Identifier: AGPL-3.0-or-later
// The page with a new link: copies it, and opens the phone's own dialog for passing things on where there is one.
(function () {
  'use strict';
  var link = document.getElementById('link'), copy = document.getElementById('copy');
  var passOn = document.getElementById('pass-on'), said = document.getElementById('said');
  if (!link || !copy || !passOn) { return; }

  function say(text) {
    copy.querySelector('[data-label]').textContent = text;
    said.textContent = text;
  }

  function copied() { say(copy.getAttribute('data-copied')); }

  function copyByMark() {
    link.focus();
    link.select();
    link.setSelectionRange(0, link.value.length);
    var done = false;
    try { done = document.execCommand('copy'); } catch (refused) { /* by hand, then */ }
    if (done) { copied(); } else { say(copy.getAttribute('data-by-hand')); }
  }

  copy.hidden = false;
  copy.addEventListener('click', function () {
    if (navigator.clipboard && navigator.clipboard.writeText) {
      navigator.clipboard.writeText(link.value).then(copied, copyByMark);
    } else {
      copyByMark();
    }
  });

  link.addEventListener('focus', function () { link.select(); });

  if (navigator.share) {
    passOn.hidden = false;
    passOn.addEventListener('click', function () {
      navigator.share({ title: passOn.getAttribute('data-title'), url: link.value }).then(null, function () { /* it was closed */ });
    });
  } else {
    copy.className += ' primary';
  }
})();
