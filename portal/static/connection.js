// SPDX-License-Identifier: AGPL-3.0-or-later
// Says when the line is down, and keeps what is on the screen: a link that cannot be followed does not replace it with the browser's error page.
(function () {
  'use strict';
  var said = document.getElementById('offline');
  if (!said || !('onLine' in navigator)) { return; }

  function show() { said.hidden = navigator.onLine; }

  function stay(event) {
    if (navigator.onLine || event.defaultPrevented) { return; }
    var place = event.target;
    while (place && place.nodeName !== 'A' && place.nodeName !== 'FORM') { place = place.parentNode; }
    if (!place || (place.nodeName === 'FORM' && event.type === 'click')) { return; }
    if (place.nodeName === 'A' && /^(#|tel:|mailto:)/.test(place.getAttribute('href') || '#')) { return; }
    event.preventDefault();
    show();
    said.className = 'offline insists';
  }

  window.addEventListener('online', function () { said.className = 'offline'; show(); });
  window.addEventListener('offline', show);
  document.addEventListener('click', stay);
  document.addEventListener('submit', stay);
  show();
})();
