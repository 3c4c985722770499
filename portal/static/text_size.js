// SPDX-License-Identifier: AGPL-3.0-or-later
// The size of all text, chosen by the reader and remembered on this device.
(function () {
  'use strict';
  var KEY = 'cloudfilm-text-size', SMALLEST = -1, LARGEST = 2;

  function remembered() {
    try { return Number(window.localStorage.getItem(KEY)) || 0; } catch (refused) { return 0; }
  }

  function remember(size) {
    try { window.localStorage.setItem(KEY, String(size)); } catch (refused) { /* private browsing: it holds for this page */ }
  }

  var size = Math.max(SMALLEST, Math.min(LARGEST, remembered()));
  var group = document.querySelector('[data-text-sizes]');

  function show() {
    document.documentElement.setAttribute('data-text-size', String(size));
    if (group) {
      group.querySelector('[data-step="0"]').setAttribute('aria-pressed', String(size === 0));
    }
  }

  show();
  if (!group) { return; }
  group.hidden = false;
  group.addEventListener('click', function (event) {
    var button = event.target;
    while (button && button !== group && !button.hasAttribute('data-step')) { button = button.parentNode; }
    if (!button || button === group) { return; }
    var step = Number(button.getAttribute('data-step'));
    size = step === 0 ? 0 : Math.max(SMALLEST, Math.min(LARGEST, size + step));
    remember(size);
    show();
  });
})();
