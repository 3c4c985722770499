// SPDX-License-Identifier: AGPL-3.0-or-later
// A key picture that cannot be shown leaves the strip: its series is in the viewer all the same.
(function () {
  'use strict';
  document.addEventListener('error', function (event) {
    var image = event.target, place = image.parentNode && image.parentNode.parentNode;
    if (image.nodeName !== 'IMG' || !place || place.nodeName !== 'LI' || place.parentNode.id !== 'key-pictures') { return; }
    var strip = place.parentNode;
    strip.removeChild(place);
    if (!strip.querySelector('li')) { strip.hidden = true; }
  }, true);
})();
