// SPDX-License-Identifier: AGPL-3.0-or-later
// Puts the viewer together on its page.
(function (CloudFilm) {
  'use strict';
  function id(name) { return document.getElementById(name); }

  var page = document.body, words = JSON.parse(page.getAttribute('data-words'));
  document.documentElement.classList.add('scripted');
  CloudFilm.sheets.start();
  var viewer = new CloudFilm.Viewer(
    {
      stage: id('stage'), first: id('pane-1'), second: id('pane-2'), picture: id('first-picture'),
      opening: { series: Number(page.getAttribute('data-series')), picture: Number(page.getAttribute('data-picture')) }
    },
    page.getAttribute('data-manifest'),
    CloudFilm.makeNotices(words)
  );
  CloudFilm.viewer = viewer;
  CloudFilm.attachKeyboard(viewer, CloudFilm.attachControls(viewer, words));
  id('retry').addEventListener('click', function () { viewer.tryAgain(); });
  viewer.start();
})(window.CloudFilm = window.CloudFilm || {});
