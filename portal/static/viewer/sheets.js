// SPDX-License-Identifier: AGPL-3.0-or-later
// Sheets that come up from below: presets, more, help. One at a time; Escape, the cross and a tap beside it close it.
(function (CloudFilm) {
  'use strict';
  var open = null, opener = null, veil = null;

  function close() {
    if (!open) { return; }
    open.hidden = true;
    veil.hidden = true;
    open = null;
    if (opener && opener.focus) { opener.focus(); }
  }

  function show(sheet, from) {
    close();
    open = sheet;
    opener = from || null;
    sheet.hidden = false;
    veil.hidden = false;
    var first = sheet.querySelector('button, a');
    if (first) { first.focus(); }
  }

  function keepFocus(event) {
    if (!open || event.key !== 'Tab') { return; }
    var all = open.querySelectorAll('button:not([disabled]), a[href]'), last = all[all.length - 1];
    if (event.shiftKey && document.activeElement === all[0]) { event.preventDefault(); last.focus(); }
    if (!event.shiftKey && document.activeElement === last) { event.preventDefault(); all[0].focus(); }
  }

  function start() {
    veil = document.getElementById('veil');
    veil.addEventListener('click', close);
    Array.prototype.forEach.call(document.querySelectorAll('[data-opens]'), function (button) {
      button.addEventListener('click', function () { show(document.getElementById(button.getAttribute('data-opens')), button); });
    });
    Array.prototype.forEach.call(document.querySelectorAll('[data-closes]'), function (button) { button.addEventListener('click', close); });
    document.addEventListener('keydown', keepFocus);
  }

  CloudFilm.sheets = { start: start, show: show, close: close, isOpen: function () { return open !== null; } };
})(window.CloudFilm = window.CloudFilm || {});
