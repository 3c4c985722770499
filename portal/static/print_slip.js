// SPDX-License-Identifier: AGPL-3.0-or-later
// A button that prints the slip. Without it the browser's own menu does.
(function () {
  'use strict';
  var button = document.getElementById('print');
  if (!button || !window.print) { return; }
  button.hidden = false;
  document.getElementById('print-hint').hidden = true;
  button.addEventListener('click', function () { window.print(); });
}());
