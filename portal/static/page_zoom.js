// SPDX-License-Identifier: AGPL-3.0-or-later
// A page that is enlarged on a phone is fetched once more, sharper. Without this script, and without an enlargement, nothing is fetched.
(function () {
  'use strict';
  var ENLARGED = 1.3;
  var view = window.visualViewport;
  if (!view) return;

  function isSeen(picture) {
    var box = picture.getBoundingClientRect();
    return box.bottom > view.offsetTop && box.top < view.offsetTop + view.height;
  }

  function sharpen() {
    if (view.scale < ENLARGED) return;
    Array.prototype.forEach.call(document.querySelectorAll('img[data-large]'), function (picture) {
      if (!isSeen(picture)) return;
      var address = picture.getAttribute('data-large');
      picture.removeAttribute('data-large');
      var sharper = new Image();
      // The picture that is there stays until the sharper one has come whole.
      sharper.onload = function () { picture.src = address; };
      sharper.src = address;
    });
  }

  view.addEventListener('resize', sharpen);
  view.addEventListener('scroll', sharpen);
})();
