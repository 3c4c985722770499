// SPDX-License-Identifier: AGPL-3.0-or-later
// What is said when there is no picture to show, or not all yet.
(function (CloudFilm) {
  'use strict';

  function id(name) { return document.getElementById(name); }

  function make(words) {
    var page = document.body;
    return {
      offline: function (is) { id('offline').hidden = !is; },
      ended: function () {
        id('ended').hidden = false;
        id('offline').hidden = true;
        page.classList.add('over');
        id('ended').querySelector('a').focus();
      },
      empty: function (manifest) {
        var isEmpty = !manifest.series.length;
        id('empty').hidden = !isEmpty;
        page.classList.toggle('without-pictures', isEmpty);
        id('empty-text').textContent = !manifest.complete ? words.notArrived : manifest.withoutPictures ? words.documentsOnly : words.noPictures;
      },
      arriving: function (manifest) {
        var count = manifest.series.reduce(function (sum, series) { return sum + series.count; }, 0);
        id('arriving').hidden = manifest.complete || !count;
        id('arriving').textContent = words.arriving.replace('{count}', count);
      },
      missing: function (pane, is) { pane.element.querySelector('[data-missing]').hidden = !is; }
    };
  }

  CloudFilm.makeNotices = make;
})(window.CloudFilm = window.CloudFilm || {});
