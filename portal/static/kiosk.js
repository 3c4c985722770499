// SPDX-License-Identifier: AGPL-3.0-or-later
// The kiosk's keypad, and the countdown after which the screen forgets whoever stood before it. A scanner types and ends with Enter.
(function () {
  'use strict';
  var body = document.body, idle = Number(body.getAttribute('data-idle')) || 30;
  var entry = document.getElementById('entry'), keypad = document.querySelector('[data-keypad]');
  var shown = document.getElementById('countdown'), said = document.getElementById('countdown-said');
  var left = idle;

  function type(event) {
    var key = event.target.closest ? event.target.closest('button') : null;
    if (!key || !entry) { return; }
    if (key.hasAttribute('data-clear')) {
      entry.value = '';
    } else if (key.hasAttribute('data-back')) {
      entry.value = entry.value.slice(0, -1);
    } else if (entry.value.length < entry.maxLength) {
      entry.value += key.getAttribute('data-key');
    }
    entry.focus();
  }

  if (entry && keypad) {
    keypad.hidden = false;
    keypad.addEventListener('click', type);
    entry.focus();
    // Wherever somebody has touched before: the scanner's characters belong into the field.
    document.addEventListener('keydown', function (event) {
      if (document.activeElement !== entry && event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) { entry.focus(); }
    });
  }

  function touched() { left = idle; show(); }

  function show() {
    if (!shown) { return; }
    shown.hidden = false;
    shown.querySelector('[data-seconds]').textContent = String(left);
    shown.classList.toggle('soon', left <= 10);
    if (left === 10 && said) { said.textContent = shown.textContent; }
  }

  function tick() {
    left -= 1;
    show();
    if (left > 0) { return; }
    left = idle;
    if (body.hasAttribute('data-visit')) {
      window.location.replace('/kiosk/end');
    } else if (entry) {
      entry.value = '';
    }
  }

  ['pointerdown', 'keydown', 'touchstart'].forEach(function (name) { document.addEventListener(name, touched, { passive: true }); });
  // A page that a browser has kept shows nothing: it is asked for again.
  window.addEventListener('pageshow', function (event) { if (event.persisted) { window.location.replace('/kiosk/end'); } });
  show();
  window.setInterval(tick, 1000);
})();
